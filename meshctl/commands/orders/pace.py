"""TWAP and POV orders: the options that make one, and `ordermesh pause` and `resume`."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, NamedTuple

import typer

from kernel.decimals import plain
from meshctl.commands.common import JsonOption, number, usage_error, with_mesh
from meshctl.commands.orders.follow import print_order
from meshctl.commands.orders.ticket import moment, seconds
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0
_BPS_PER_PERCENT: Final = 100
_RATE_BPS_MAX: Final = 5_000
_RATE: Final = "percent of what is traded, 0.01 to 50 with at most 2 decimals, such as 12.5"

FromOption = Annotated[
    str, typer.Option("--from", help="twap, pov: when to begin: 14:00 (UTC), or 10m; else now.")
]
ToOption = Annotated[
    str, typer.Option("--to", help="twap, pov: when to end: 15:30 (UTC), or 2h; required.")
]
EveryOption = Annotated[
    str, typer.Option("--every", help="twap, pov: length of a slice: 30s, 5m; 60s if not given.")
]
RateOption = Annotated[
    str, typer.Option("--rate", help="pov: percent of what is traded, 0.01 to 50, such as 10.")
]
SliceMaxOption = Annotated[
    str,
    typer.Option(
        "--slice-max",
        help="twap, pov: the most in one slice; else twice an even share of the quantity.",
    ),
]


class Pace(NamedTuple):
    """The options as they were typed."""

    start: str = ""
    end: str = ""
    every: str = ""
    rate: str = ""
    slice_max: str = ""

    def schedule(self, now: datetime, *, follows_volume: bool) -> order_pb2.RoutingSchedule:
        """Return the schedule; the mesh checks whether its times fit together.

        Args:
            now: What times are counted from.
            follows_volume: Whether the strategy is POV, which needs a rate; TWAP has none.
        """
        if not self.end:
            usage_error("--route twap and pov need --to, such as 15:30 or 2h")
        if follows_volume and not self.rate:
            usage_error(f"--route pov needs --rate: {_RATE}")
        if self.rate and not follows_volume:
            usage_error("--rate is for --route pov: twap does not follow what is traded")
        made = order_pb2.RoutingSchedule(
            slice_s=seconds(self.every, "--every") if self.every else 0,
            participation_bps=_basis_points(self.rate) if self.rate else 0,
            slice_quantity_max=number(self.slice_max),
        )
        made.end_time.CopyFrom(moment(self.end, now, "--to"))
        if self.start:
            made.start_time.CopyFrom(moment(self.start, now, "--from"))
        return made


def _basis_points(text: str) -> int:
    try:
        parts = Decimal(text.removesuffix("%")) * _BPS_PER_PERCENT
    except InvalidOperation:
        parts = Decimal("NaN")
    whole = parts.is_finite() and parts == parts.to_integral_value()
    if not whole or not 1 <= parts <= _RATE_BPS_MAX:
        usage_error(f"--rate is {text!r}; it should be {_RATE}")
    return int(parts)


def schedule_words(schedule: order_pb2.RoutingSchedule) -> str:
    """Describe a schedule: "from 14:00:00Z to 15:30:00Z every 60 s, 10% of the volume"."""
    start, end = schedule.start_time.ToDatetime(UTC), schedule.end_time.ToDatetime(UTC)
    day = "" if start.date() == end.date() else f"{end:%Y-%m-%d} "
    words = f"from {start:%H:%M:%S}Z to {day}{end:%H:%M:%S}Z every {schedule.slice_s} s"
    if schedule.participation_bps:
        percent = plain(Decimal(schedule.participation_bps) / _BPS_PER_PERCENT)
        words += f", {percent}% of the volume"
    return words


@with_mesh
async def pause(mesh: MeshClient, order_id: str, as_json: JsonOption = False) -> None:
    """Pause a twap or pov order: cancel what rests of it, and place nothing more for now."""
    request = order_service_pb2.PauseRequest(order_id=order_id)
    answer = await mesh.call(mesh.order_service.Pause, request, RETRY_FOR_S)
    print_order(answer.order, as_json=as_json)


@with_mesh
async def resume(mesh: MeshClient, order_id: str, as_json: JsonOption = False) -> None:
    """Let a paused order go on."""
    request = order_service_pb2.ResumeRequest(order_id=order_id)
    answer = await mesh.call(mesh.order_service.Resume, request, RETRY_FOR_S)
    print_order(answer.order, as_json=as_json)
