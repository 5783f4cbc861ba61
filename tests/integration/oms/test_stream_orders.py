"""Whatever happens to orders, a client's copy of them from the stream is what Get answers."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from tests.support.oms import MINT, Client, Gateway, replica, trading, until
from tests.support.order_copies import Copy, reading, replayed, resynced
from tests.support.tokens import bearer

ANNA = bearer(MINT.mint_token("anna", accounts=("ACC-ALICE",)))
RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
LIMIT, PEGGED, STOP = (
    order_pb2.ORDER_TYPE_LIMIT,
    order_pb2.ORDER_TYPE_PEGGED,
    order_pb2.ORDER_TYPE_STOP,
)
OFFERED = {"order_types": [LIMIT, PEGGED], "times_in_force": [order_pb2.TIME_IN_FORCE_DAY]}
KINDS = {one.name for one in event_pb2.OrderEvent.DESCRIPTOR.oneofs_by_name["kind"].fields}
# What needs prices, and a kind the OMS does not write yet: tests/unit/meshctl/test_blotter.py
# has them. Routed orders are compared in test_routing_copies.py.
ELSEWHERE = {"triggered", "trigger_moved", "released", "command_refused", "routing_decided"}


class Day:
    """Orders to which everything happens that can happen without a market."""

    def __init__(self, client: Client, gateway: Gateway) -> None:
        self.client = client
        self.gateway = gateway
        self.keys = 0
        self.order_ids: list[str] = []

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    async def placed(self, **changes) -> str:
        answer = await self.client.place(self.key(), **changes)
        self.order_ids.append(answer.order.order_id)
        return answer.order.order_id

    async def working(self, **changes) -> str:
        order_id = await self.placed(**changes)
        await self.says(self.gateway.acknowledged(f"{order_id}-1"))
        return order_id

    async def says(self, *messages) -> None:
        await self.gateway.send(*messages)
        await self.gateway.applied()

    async def reports(self, cl_ord_id: str, *kinds: str, **fields) -> None:
        fields = {"leaves_quantity": "100", "cum_quantity": "0"} | fields
        for kind in kinds:
            exec_type, _, status = kind.partition("/")
            await self.says(
                self.gateway.report(cl_ord_id, exec_type, status or exec_type, **fields)
            )

    async def refuses(self, cl_ord_id: str, response_to: str) -> None:
        reject = gw.OrderCancelReject(
            cl_ord_id=cl_ord_id, ord_status="0", response_to=response_to, text="too late"
        )
        await self.says(self.gateway.message(order_cancel_reject=reject))

    async def replace(self, order_id: str, quantity: str) -> str:
        terms = order_pb2.OrderTerms(
            quantity=quantity, limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        )
        request = order_service_pb2.ReplaceRequest(
            idempotency_key=self.key(), order_id=order_id, terms=terms
        )
        before = len(self.gateway.commands)
        await self.client.orders.Replace(request, metadata=self.client.metadata)
        return await self._asked(order_id, before)

    async def cancel(self, order_id: str) -> str:
        before = len(self.gateway.commands)
        await self.client.cancel(self.key(), order_id)
        return await self._asked(order_id, before)

    async def _asked(self, order_id: str, before: int) -> str:
        """The ClOrdID(11) of the next command of an order after so many commands."""
        command = await self.gateway.command(before)
        assert command.order_id == order_id
        return command.cl_ord_id

    async def executions(self) -> None:
        filled, corrected = await self.working(), await self.working()
        for order_id in (filled, corrected):
            cl_ord_id = f"{order_id}-1"
            fill = self.gateway.filled(cl_ord_id, "40", "40", "60", exec_id=f"F-{order_id}")
            await self.says(fill)
        taken_back = {"exec_ref_id": f"F-{filled}", "last_quantity": "40", "last_price": "650.05"}
        await self.reports(f"{filled}-1", "H/0", **taken_back)
        put_right = {"exec_ref_id": f"F-{corrected}", "last_quantity": "30", "last_price": "650"}
        await self.reports(f"{corrected}-1", "G/1", **put_right, cum_quantity="30")
        # Two reports at once: their events are of one batch.
        await self.says(
            self.gateway.filled(f"{filled}-1", "50", "50", "50"),
            self.gateway.filled(f"{filled}-1", "50", "100", "0"),
        )

    async def changes(self) -> None:
        order_id = await self.working()
        refused = await self.replace(order_id, "120")
        await self.reports(refused, "E")
        await self.refuses(refused, "2")
        # The next change clears the rejection.
        replaced = await self.replace(order_id, "130")
        await self.reports(replaced, "5/0", order_quantity="130", leaves_quantity="130")
        refused = await self.cancel(order_id)
        await self.reports(refused, "6")
        await self.refuses(refused, "1")
        await self.reports(await self.cancel(order_id), "4", leaves_quantity="0")

    async def ends(self) -> None:
        for kind in ("8", "C"):
            await self.reports(f"{await self.placed()}-1", kind, leaves_quantity="0", text="no")
        await self.reports(f"{await self.working()}-1", "4", leaves_quantity="0", text="by hand")
        order_id = await self.working()
        # The last one is no ExecType(150): its report is parked.
        await self.reports(f"{order_id}-1", "9", "7", "3", "B", "?/0")

    async def pegs(self) -> None:
        terms = order_pb2.OrderTerms(
            quantity="100",
            limit_price="651",
            time_in_force=order_pb2.TIME_IN_FORCE_DAY,
            peg=order_pb2.Peg(reference=1, offset="-0.1"),
        )
        order_id = await self.working(type=PEGGED, terms=terms)
        for price in ("650.1", "650.2"):
            fields = {"pegged_price": price, "limit_price": "651", "exec_restatement_reason": 3}
            await self.reports(f"{order_id}-1", "D/0", **fields)
        assert (await self.client.get(order_id)).order.pegged_price == "650.2"

    async def doubts(self) -> None:
        order_id = await self.placed()
        command = await self.gateway.command(len(self.gateway.commands) - 1)
        await self.gateway.receipt(command, gw.COMMAND_OUTCOME_IN_DOUBT)
        await self.client.in_state(order_id, order_pb2.ORDER_STATE_UNKNOWN)
        request = order_service_pb2.ResolveRequest(
            idempotency_key=self.key(),
            order_id=order_id,
            venue_holds=order_service_pb2.VENUE_HOLDS_WORKING,
            venue_order_id="V-1",
            reason="seen in the venue's screen",
        )
        await self.client.orders.Resolve(request, metadata=RITA)

    async def approvals(self) -> None:
        order_id = await self.placed(hold_for_approval=True)
        request = order_service_pb2.ApproveRequest(idempotency_key=self.key(), order_id=order_id)
        await self.client.orders.Approve(request, metadata=ANNA)
        declined = await self.placed(hold_for_approval=True)
        request = order_service_pb2.DeclineRequest(idempotency_key=self.key(), order_id=declined)
        await self.client.orders.Decline(request, metadata=ANNA)

    async def all(self) -> None:
        await self.executions()
        await self.changes()
        await self.ends()
        await self.pegs()
        await self.doubts()
        await self.approvals()

    async def truth(self) -> dict[str, order_pb2.Order]:
        """Every order as Get answers it."""
        return {name: (await self.client.get(name)).order for name in self.order_ids}


async def test_the_copy_is_the_order_however_it_was_read(book_url, tls):
    async with (
        trading(book_url, tls) as (running, client, old),
        running.channel("svc-gateway") as peer,
    ):
        await old.close()
        gateway = Gateway(peer)
        await gateway.open(**OFFERED)
        day, live, flow = Day(client, gateway), Copy(client), Copy(client)
        async with reading(live.read()), reading(flow.flow()):
            await until(lambda: live.cursor and flow.cursor, "snapshots")
            begun = stream_pb2.Cursor(epoch=live.cursor.epoch)
            await day.all()
            truth = await day.truth()
            last = max(order.last_sequence for order in truth.values())
            await live.has(last)
            await flow.has(last)
        assert live.kinds == flow.kinds == KINDS - ELSEWHERE
        assert live.blotter.orders == flow.blotter.orders == truth
        await replayed(client, begun, last, truth)
        await resynced(client, truth)
        async with replica(book_url, tls) as second, second.channel() as channel:
            await replayed(Client(channel), begun, last, truth)
        await gateway.close()
