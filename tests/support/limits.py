"""A desk on a store in memory with limits, a venue that says what a test says, and prices."""

import itertools
from decimal import Decimal
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from mesh.auth.tokens import Principal
from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.oms.v1 import limit_pb2, order_pb2, order_service_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.controls.changes.limit_changes import Caller, LimitChanges
from svc_oms.service.controls.limit_usage import usage
from svc_oms.service.ports import AccountInfo
from svc_oms.service.replica import Replica
from svc_oms.service.submissions import Outcome
from svc_oms.settings import OmsSettings
from tests.support.clock import ManualClock
from tests.support.oms import listing
from tests.support.oms_memory import MemoryStore

ALICE = Principal("alice", "Alice", frozenset({"TRADER"}), frozenset({"ACC-ALICE"}), 2**62)
BUY, SELL, SELL_SHORT = order_pb2.SIDE_BUY, order_pb2.SIDE_SELL, order_pb2.SIDE_SELL_SHORT
EPOCH = 7
FREE = gw.FeeSchedule(currency="EUR", taker=gw.FeeRate(), maker=gw.FeeRate())


class Silence:
    """Wake-ups that no replica receives."""

    def wake_accounts(self, account_ids: Any) -> None:
        del account_ids

    def wake_sessions(self, session_ids: Any) -> None:
        del session_ids


def other_listing() -> instrument_pb2.Instrument:
    """A second instrument at the same venue."""
    message = listing("PHIA")
    message.isin = "NL0000009538"
    return message


class LimitBench:
    """One replica; `peer` makes a second one on the same store.

    Attributes:
        orders: Ids of the orders that were taken, in their order.
    """

    def __init__(self, store: MemoryStore, clock: ManualClock, **settings: Any) -> None:
        self.store, self.clock = store, clock
        self.book: Replica = build_replica(
            OmsSettings(**settings), store, NoReadCopies(), Silence(), "r", clock
        )
        self.book.market.learn([listing(), other_listing(), listing(mic="SIMB")])
        self.office = LimitChanges(
            store.controls(),
            clock,
            self.book.directory,
            self.book.controls_log,
            self.book.controls_in_force.defaults,
        )
        self.orders: list[str] = []
        self.link: Any = None
        self._keys = itertools.count(1)
        self._exec_ids = itertools.count(1)
        self._numbers = itertools.count(1)

    @classmethod
    async def make(cls, **settings: Any) -> "LimitBench":
        store = MemoryStore()
        for name in ("ACC-ALICE", "ACC-BOB"):
            await store.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1, "CASH"))
        bench = cls(store, ManualClock(), **settings)
        for session, mic in (("sima-orders", "SIMA"), ("simb-orders", "SIMB")):
            status = gw.SessionStatus(
                session_id=session, venue_mic=mic, state=gw.SESSION_STATE_UP, fees=[FREE]
            )
            link = await bench.book.leases.take(
                gw.LinkOpen(session_id=session, venue_mic=mic, gateway_instance="g", status=status)
            )
            bench.link = bench.link or link
        return bench

    async def peer(self) -> "LimitBench":
        """Make another replica."""
        bench = LimitBench(self.store, self.clock)
        bench._keys = self._keys
        bench.link = self.link
        await bench.book.wake_up_receiver.look(set(), sessions=True)
        return bench

    # Risk.

    def caller(self, who: str = "rita") -> Caller:
        return Caller(who, f"risk-{next(self._keys)}", b"body")

    async def set_limit(self, kind: str, version: int = 0, **fields: Any) -> limit_pb2.Limit:
        """Set a limit of ACC-ALICE's, or of what the range_ says.

        By two persons if it is looser.
        """
        range_ = {"scope": limit_pb2.LIMIT_SCOPE_ACCOUNT, "scope_id": "ACC-ALICE"}
        range_ |= fields.pop("range_", {})
        times = {name: fields.pop(name) for name in ("valid_from", "valid_until") if name in fields}
        request = pb.SetLimitRequest(
            kind=f"LIMIT_KIND_{kind}",
            range=limit_pb2.LimitRange(**range_),
            values=limit_pb2.LimitValues(**fields),
            reason="a test",
            expected_version=version,
            **{name: self.at(seconds) for name, seconds in times.items()},
        )
        answer = await self.office.set_limit(request, self.caller())
        if answer.HasField("proposed"):
            return (await self.confirm(answer.proposed.change_id)).limit
        return answer.limit

    async def end_limit(self, limit_id: str, version: int, reason: str = "a test") -> None:
        """End a limit, by two persons."""
        request = pb.EndLimitRequest(limit_id=limit_id, expected_version=version, reason=reason)
        answer = await self.office.end_limit(request, self.caller())
        if answer.HasField("proposed"):
            await self.confirm(answer.proposed.change_id)

    async def confirm(self, change_id: str, who: str = "ravi") -> pb.ConfirmChangeResponse:
        """Confirm a proposed change, as a second person."""
        request = pb.ConfirmChangeRequest(change_id=change_id)
        return await self.office.confirm(request, self.caller(who))

    def at(self, seconds: float) -> Timestamp:
        """Return the time this many seconds from now."""
        stamp = Timestamp()
        stamp.FromNanoseconds(self.clock.now_ns() + round(seconds * 1_000_000_000))
        return stamp

    async def set_status(self, target: str, target_id: str, status: str) -> None:
        request = pb.SetTradingStatusRequest(
            target=f"TRADING_STATUS_TARGET_{target}",
            target_id=target_id,
            status=f"ACCOUNT_STATUS_{status}",
            reason="a test",
        )
        answer = await self.office.set_status(request, self.caller())
        if answer.HasField("proposed"):
            await self.confirm(answer.proposed.change_id)

    async def usage(self) -> pb.GetUsageResponse:
        now_ns = self.clock.now_ns()
        picture = await self.office.store.picture("ACC-ALICE", now_ns // 1000)
        return usage(self.book.controls_in_force, picture, now_ns)

    # The trader.

    def quote(self, instrument_id: str = "ASML.SIMA", **prices: str) -> None:
        """Hear a price."""
        references = self.book.market.references
        references.heard()
        references.learn(instrument_id, market_data_pb2.Quote(**prices))

    async def place(self, side: int, quantity: Any, price: Any = "100", **fields: Any) -> Outcome:
        """Place an order; without a price a market order."""
        kind = order_pb2.ORDER_TYPE_LIMIT if price else order_pb2.ORDER_TYPE_MARKET
        request = order_service_pb2.PlaceRequest(
            idempotency_key=f"k{next(self._keys)}",
            account_id="ACC-ALICE",
            instrument_id=fields.pop("instrument_id", "ASML.SIMA"),
            side=side,
            type=kind,
            terms=self.terms(quantity, price),
            **fields,
        )
        outcome = (await self.work(requests.place, request))[0]
        if not isinstance(outcome, MeshError):
            self.orders.append(outcome.order_id)
        return outcome

    async def replace(self, order: int, quantity: Any, price: Any = "100") -> Outcome:
        """Ask for other terms of the n-th order."""
        request = order_service_pb2.ReplaceRequest(
            idempotency_key=f"k{next(self._keys)}",
            order_id=self.orders[order],
            terms=self.terms(quantity, price),
        )
        return (await self.work(requests.replace, request))[0]

    async def cancel(self, order: int) -> Outcome:
        """Cancel the n-th order."""
        request = order_service_pb2.CancelRequest(
            idempotency_key=f"k{next(self._keys)}", order_id=self.orders[order]
        )
        return (await self.work(requests.cancel, request))[0]

    async def work(self, make: Any, *many: Any) -> list[Outcome]:
        """Let the worker take requests of one kind as one batch."""
        outcomes: list[Outcome] = []
        await self.book.worker.work([make(request, ALICE, outcomes.append) for request in many])
        return outcomes

    @staticmethod
    def terms(quantity: Any, price: Any) -> order_pb2.OrderTerms:
        return order_pb2.OrderTerms(
            quantity=str(quantity),
            limit_price=str(price or ""),
            time_in_force=order_pb2.TIME_IN_FORCE_DAY,
        )

    # The venue.

    async def order(self, order: int) -> Any:
        row = await self.store.order(self.orders[order])
        return read_order(row.body, row.fold)

    async def report(self, order: int, exec_type: str, status: str, **fields: Any) -> None:
        """Let the venue report on the n-th order."""
        now = await self.order(order)
        report = gw.ExecutionReport(
            **{
                "cl_ord_id": now.cl_ord_id,
                "venue_order_id": "V1",
                "exec_id": f"E{next(self._exec_ids)}",
                "exec_type": exec_type,
                "ord_status": status,
                "order_quantity": str(now.terms.quantity),
                "cum_quantity": str(now.cum_quantity),
                "leaves_quantity": str(now.leaves_quantity),
            }
            | fields
        )
        message = gw.VenueMessage(
            msg_seq_num=next(self._numbers), session_epoch=EPOCH, execution_report=report
        )
        await self.link.apply([message], ())

    async def fill(self, order: int, quantity: Any, price: Any = "100") -> str:
        """Execute; returns the ExecID(17)."""
        now = await self.order(order)
        done = now.cum_quantity + Decimal(quantity)
        left = max(now.terms.quantity - done, Decimal(0))
        exec_id = f"F{next(self._exec_ids)}"
        await self.report(
            order,
            "F",
            "1" if left else "2",
            exec_id=exec_id,
            last_quantity=str(quantity),
            last_price=str(price),
            cum_quantity=str(done),
            leaves_quantity=str(left),
        )
        return exec_id

    async def replaced(self, order: int) -> None:
        """Let the venue agree to the replace that is on its way."""
        now = await self.order(order)
        wanted = now.pending_terms
        await self.report(
            order,
            "5",
            "0",
            cl_ord_id=now.pending_replace_id,
            orig_cl_ord_id=now.cl_ord_id,
            order_quantity=str(wanted.quantity),
            limit_price=str(wanted.limit_price),
            leaves_quantity=str(wanted.quantity - now.cum_quantity),
        )

    async def canceled(self, order: int) -> None:
        """Let the venue cancel."""
        now = await self.order(order)
        cl_ord_id = now.pending_cancel_id or now.cl_ord_id
        await self.report(
            order, "4", "4", cl_ord_id=cl_ord_id, orig_cl_ord_id=now.cl_ord_id, leaves_quantity="0"
        )
