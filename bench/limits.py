"""The cost of the controls for an order: our code in this process, CPU time only.

An account with 400 resting orders in 40 listings at two venues places orders, alone or 50 in a
batch, with a limit of every kind in force and with none. A batch opens the controls with the text
of the account's row, judges, counts, and writes the text; then the reports of its orders open the
follower of positions. The database is left out: nothing has to be read.
"""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import uvloop
from typing_extensions import override

from bench.measure import Figure, Plan
from bench.stack import ACCOUNT
from bench.whole_mesh.controls import EVERY_KIND
from kernel.clock import SystemClock
from kernel.nanoseconds import NS_PER_MS
from kernel.side import Side
from ordermesh.oms.v1 import limit_pb2
from svc_oms.domain.controls.trial import Reference
from svc_oms.domain.model import Order, OrderTerms, OrderType
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.controls.limits_control import LimitsControl, PositionFollower
from svc_oms.service.ports import AccountRow
from svc_oms.service.ports.control_ports import RecordKind
from svc_oms.service.reference.market import Market

LISTINGS = 40
RESTING = 400
ORDERS = 4_000
QUICK_ORDERS = 400
BATCHES = (1, 50)
PRICE = Price(Decimal(10))
BEGINS_NS = 10**18
GAP_NS = 10 * NS_PER_MS
"""Between two batches: lone orders at 100/s."""


def measure(plan: Plan) -> list[Figure]:
    """CPU time of the controls of an order, with every limit and with none."""
    orders = QUICK_ORDERS if plan.is_quick else ORDERS
    figures = []
    for batch in BATCHES:
        for name, kinds in (("no limits", {}), ("every limit", EVERY_KIND)):
            figure = Figure(f"controls of an order, {batch} a batch, {name}", "µs CPU")
            for _ in range(plan.repeats):
                figure.values.append(uvloop.run(_measure(kinds, orders, batch)))
            figures.append(figure)
    return figures


class _Market(Market):
    """Every listing has the same price."""

    @override
    def collar_price(self, instrument_id: str) -> Reference:
        return Reference(PRICE, "last")


class _Stored:
    """The reads of a batch: the limits; no positions, and no orders but those in memory."""

    def __init__(self, kinds: dict[str, dict[str, Any]]) -> None:
        self._records = [
            (RecordKind.LIMIT, _limit(f"L{number}", kind, values).SerializeToString())
            for number, (kind, values) in enumerate(kinds.items())
        ]

    async def controls_version(self) -> int:
        return 1

    async def control_records(self, _now_us: int) -> Sequence[tuple[RecordKind, bytes]]:
        return self._records

    async def positions(self, _account_ids: Sequence[str]) -> Sequence[Any]:
        return ()

    async def all_open_orders(self, _account_ids: Sequence[str]) -> Sequence[Any]:
        return ()


def _limit(limit_id: str, kind: str, values: dict[str, Any]) -> limit_pb2.Limit:
    scope = limit_pb2.LimitRange(
        scope=limit_pb2.LIMIT_SCOPE_ACCOUNT,
        scope_id=ACCOUNT,
        currency="EUR" if kind == "BUYING_POWER" else "",
    )
    return limit_pb2.Limit(
        limit_id=limit_id,
        version=1,
        kind=f"LIMIT_KIND_{kind}",
        range=scope,
        values=limit_pb2.LimitValues(**values),
    )


def _order(number: int, now_ns: int) -> Order:
    venue = ("SIMA", "SIMB")[number % 2]
    symbol = f"S{number % LISTINGS // 2}"
    quantity = Quantity(Decimal(100 + number // LISTINGS))
    return Order(
        order_id=f"01J{number:023}",
        account_id=ACCOUNT,
        idempotency_key=str(number),
        instrument_id=f"{symbol}.{venue}",
        symbol=symbol,
        venue_mic=venue,
        isin=f"NL{number % LISTINGS // 2:010}",
        currency="EUR",
        side=Side.BUY,
        type=OrderType.LIMIT,
        terms=OrderTerms(quantity, PRICE),
        leaves_quantity=quantity,
        cl_ord_id=str(number),
        placed_by="bench",
        created_at_ns=now_ns,
        updated_at_ns=now_ns,
    )


async def _measure(kinds: dict[str, dict[str, Any]], orders: int, batch: int) -> float:
    stored: Any = _Stored(kinds)
    in_force = ControlsInForce(_Market(SystemClock()), Limits(None, None))
    control, follower = LimitsControl(in_force), PositionFollower(in_force)
    row = AccountRow(ACCOUNT, 1, 0, b"", "FIRM", "", "", 1)
    now_ns, used = BEGINS_NS, 0
    for number in range(0, RESTING + orders, batch):
        now_ns += GAP_NS
        placed = [_order(number + one, now_ns) for one in range(batch)]
        begun = time.process_time_ns()
        changes = BookChanges({ACCOUNT: row}, now_ns)
        opened = await control.open(stored, {ACCOUNT: row}, changes, (), 1)
        submission: Any = None
        for order in placed:
            opened.place(submission, order)
            opened.taken(None, order)
        opened.finish()
        row = row._replace(controls=changes.controls[ACCOUNT])
        changes = BookChanges({ACCOUNT: row}, now_ns)
        followed = await follower.open(stored, {ACCOUNT: row}, changes)
        await followed.finish(stored)
        row = row._replace(controls=changes.controls[ACCOUNT])
        if number >= RESTING:
            used += time.process_time_ns() - begun
    return used / orders / 1000
