"""The controls that were in force for an order at a time."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import limit_pb2, order_pb2, order_way_pb2
from svc_oms.domain.controls.limits.controls import Controls
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    LimitKind,
    StatusTarget,
)
from svc_oms.domain.controls.limits.loosening import covers_whole
from svc_oms.domain.kill_switches import Scope, Subject, covers
from svc_oms.service.codec.control_records import limit_message, limit_value, override_value
from svc_oms.service.codec.kill_messages import switch_message
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.controls_at import ControlsInThePast, desk_of
from svc_oms.service.ports import AccountRow

ASKED: Final = "asked"


class Checked(NamedTuple):
    """What a control is compared with: an order, or a request that made none."""

    account: AccountRow
    instrument_id: str
    venue_mic: str
    currency: str
    session_id: str
    traders: tuple[str, ...]
    """Who placed the order, and who requested its change."""
    algorithm_id: str = ""


class ControlsOfOrders:
    """Reads the controls of orders by time."""

    def __init__(self, past: ControlsInThePast, defaults: Mapping[LimitKind, Applied]) -> None:
        self._past = past
        self._defaults = defaults

    async def at(self, at_us: int, what: str, checked: Checked) -> order_way_pb2.ControlsAt:
        """Return what was in force for an order at a time."""
        account = checked.account
        scopes = [name for name in (account.account_id, desk_of(account), account.firm_id) if name]
        limits = await self._past.limits(at_us, scopes)
        overrides = await self._past.overrides(at_us, [account.account_id], limits)
        answer = order_way_pb2.ControlsAt(at=timestamp(at_us * NS_PER_US), checked=what)
        self._add_limits(answer, at_us, checked, limits, overrides)
        names = {
            (StatusTarget.ACCOUNT, account.account_id),
            (StatusTarget.FIRM, account.firm_id),
            (StatusTarget.VENUE, checked.venue_mic),
            (StatusTarget.INSTRUMENT, checked.instrument_id),
        }
        answer.statuses.extend(
            one
            for one in await self._past.statuses(at_us, [account.account_id])
            if (StatusTarget(one.target), one.target_id) in names
        )
        subject = Subject(
            account.firm_id,
            account.desk_id,
            account.account_id,
            checked.traders,
            checked.algorithm_id,
            checked.session_id,
            checked.venue_mic,
            checked.instrument_id,
        )
        for row in await self._past.switches(at_us):
            if covers(Scope(*row.scope), subject):
                switch = switch_message(row)
                # What it did to the orders of others is not part of this order.
                switch.ClearField("counts")
                switch.ClearField("commands_held")
                answer.kill_switches.append(switch)
        return answer

    def _add_limits(
        self,
        answer: order_way_pb2.ControlsAt,
        at_us: int,
        checked: Checked,
        limits: list[limit_pb2.Limit],
        overrides: list[limit_pb2.Override],
    ) -> None:
        account, at_ns = checked.account, at_us * NS_PER_US
        values = {each.limit_id: limit_value(each) for each in limits}
        controls = Controls(0, values.values(), map(override_value, overrides), {})
        of_account = controls.of_account(account.account_id, account.firm_id, account.desk_id)
        listing = (checked.instrument_id, checked.venue_mic, checked.currency)
        counting: dict[LimitKind, Applied] = dict(self._defaults)
        for kind in of_account.kinds():
            found = of_account.find(kind, *listing, at_ns)
            if found is not None:
                counting[kind] = found
        messages = {each.limit_id: each for each in limits}
        made = {each.override_id: each for each in overrides}
        for _, applied in sorted(counting.items()):
            limit_id = applied.limit.limit_id
            message = messages.get(limit_id) or limit_message(applied.limit)
            answer.limits.add(limit=message, override=made.get(applied.override_id))
        for limit in limits:
            counts = counting.get(LimitKind(limit.kind))
            value = values[limit.limit_id]
            if counts is None or counts.limit.limit_id == limit.limit_id:
                continue
            if value.range.covers(*listing):
                replaced = answer.replaced.add(limit=limit)
                replaced.replaced_by.add(
                    limit_id=counts.limit.limit_id,
                    range=messages[counts.limit.limit_id].range,
                    wholly=covers_whole(counts.limit.range, value.range),
                )


def checked_order(
    order: order_pb2.Order, account: AccountRow, session_id: str, actor: str
) -> Checked:
    """Return what is compared for an order and the person who acts on it."""
    return Checked(
        account,
        order.instrument_id,
        order.venue_mic,
        order.currency,
        session_id,
        (order.placed_by, actor),
        order.regulatory.algorithm_id,
    )
