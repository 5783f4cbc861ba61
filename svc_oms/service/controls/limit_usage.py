"""An account's use of its limits, from one view of the database."""

from dataclasses import replace

from ordermesh.oms.v1 import limit_service_pb2
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.controls.usage import uses
from svc_oms.service.codec.control_records import (
    decoded,
    limit_message,
    position_value,
    read_controls,
    stop_message,
    values_message,
)
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.ports.control_ports import AccountPicture


def usage(
    controls_in_force: ControlsInForce, picture: AccountPicture, now_ns: int
) -> limit_service_pb2.GetUsageResponse:
    """Return how much of each limit an account has used."""
    account = picture.account
    controls = read_controls(picture.controls_version, decoded(picture.records, {}))
    positions = [position_value(row) for row in picture.positions]
    book = OpenBook(
        [read_order(row.body, row.fold) for row in picture.orders],
        {each.key: each for each in positions},
        controls_in_force.market.reference_price,
    )
    view = replace(controls_in_force.view(account, controls, {}), book=book)
    answer = limit_service_pb2.GetUsageResponse(
        account_id=account.account_id,
        status=account.status,  # type: ignore[arg-type] # by number
        as_of_sequence=account.last_sequence,
    )
    for each in uses(view, now_ns, controls_in_force.market.isin):
        use = answer.uses.add(
            limit=limit_message(each.applied.limit),
            override_id=each.applied.override_id,
            subject=each.subject,
            used=each.used,
            maximum=each.maximum,
            unit=each.unit,
        )
        use.limit.values.CopyFrom(values_message(each.applied.values))
    answer.stops.extend(
        stop_message(account.account_id, key, stop) for key, stop in view.state.stops.items()
    )
    return answer
