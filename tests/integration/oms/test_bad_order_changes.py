"""What means no good to the rpcs that place many, approve, resolve and go flat."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_service_pb2, order_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from ordermesh.type.v1 import error_pb2
from tests.integration.oms.test_bad_input import OCO, ORDER, PLACE_MEANING, link
from tests.support.oms import ALICE, BOB, MINT, RITA, bearer, trading
from tests.support.refusals import refused_by_name

ANNA = bearer(MINT.mint_token("anna", accounts=("ACC-ALICE",)))
HOLDS = {name: pb.VenueHolds.Value(f"VENUE_HOLDS_{name}") for name in ("NOTHING", "WORKING")}
HOLDS |= {name: pb.VenueHolds.Value(f"VENUE_HOLDS_{name}") for name in ("CANCELED", "FILLED")}


def batch(key: str, *orders: pb.PlaceRequest, **fields: object) -> pb.PlaceBatchRequest:
    fields = {"account_id": "ACC-ALICE"} | fields
    return pb.PlaceBatchRequest(idempotency_key=key, orders=orders, **fields)


async def test_batches_that_mean_no_good_are_refused_whole(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        known = batch("b", client.request("o"))
        await client.orders.PlaceBatch(known, metadata=ALICE)
        await gateway.command(0)
        one = client.request
        keyed = {"parent_order_id": ORDER, "parent_key": "x1"}
        both = one("x2", **link(OCO, **keyed))
        changed = batch("b", one("o", quantity="5"))
        foreign = batch("b1", one("x1"), account_id="ACC-BOB")
        table = [
            ("PlaceBatch", foreign, ALICE, "ACCOUNT_NOT_ALLOWED", "account_id"),
            (
                "PlaceBatch",
                batch("b2", one("x1"), one("x2", account_id="ACC-BOB")),
                ALICE,
                "INVALID_FIELD",
                "orders[1].account_id",
            ),
            (
                "PlaceBatch",
                batch("b3", one("x1"), one("x1")),
                ALICE,
                "INVALID_FIELD",
                "orders[1].idempotency_key",
            ),
            (
                "PlaceBatch",
                batch("b4", one("b4")),
                ALICE,
                "INVALID_FIELD",
                "orders[0].idempotency_key",
            ),
            (
                "PlaceBatch",
                batch("b5", one("x1"), both),
                ALICE,
                "INVALID_FIELD",
                "orders[1].link.parent_key",
            ),
            (
                "PlaceBatch",
                batch("b6", one("x1"), one("x2", link=order_pb2.OrderLink(group_id="g"))),
                ALICE,
                "INVALID_FIELD",
                "orders[1].link.kind",
            ),
            ("PlaceBatch", changed, ALICE, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
            (
                "PlaceBatch",
                batch("o", one("x1")),
                ALICE,
                "IDEMPOTENCY_KEY_REUSED",
                "idempotency_key",
            ),
        ]
        await refused_by_name(book, client.orders, table)


async def test_bad_orders_of_a_batch_are_refused_as_alone_and_recorded(book_url, tls, book):
    """Those whose account is another are refused with the batch."""
    rows = [row for row in PLACE_MEANING if not {"account_id", "link"} & row[0].keys()]
    async with trading(book_url, tls) as (_, client, gateway):
        before = await book.state()
        orders = [client.request(f"m-{index}", **row[0]) for index, row in enumerate(rows)]
        answer = await client.orders.PlaceBatch(batch("b", *orders), metadata=ALICE)
        for result, (change, reason, field, was, should) in zip(answer.results, rows, strict=True):
            refusal = result.rejection
            assert error_pb2.ErrorReason.Name(refusal.reason) == f"ERROR_REASON_{reason}", change
            assert refusal.field == field, change
            assert was in refusal.text, refusal
            assert should in refusal.text, refusal
            assert not result.HasField("order")
        assert await book.state() == before
        assert not gateway.commands
        assert [entry.field for entry in await book.refused()] == [row[2] for row in rows]


async def test_what_spoils_a_batch_of_all_or_none_is_recorded(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        before = await book.state()
        orders = [client.request("m-1"), client.request("m-2", quantity="1.5")]
        request = batch("b", *orders, atomic=True)
        answer = await client.orders.PlaceBatch(request, metadata=ALICE)
        assert [one.rejection.field for one in answer.results] == ["", "terms.quantity"]
        assert await book.state() == before
        assert not gateway.commands
        entry, other = sorted(await book.refused(), key=lambda one: one.idempotency_key)[::-1]
        assert (entry.reason, entry.field) == (answer.results[1].rejection.reason, "terms.quantity")
        assert (entry.actor, entry.command) == ("alice", "OrderService/PlaceBatch")
        assert (entry.idempotency_key, entry.account_id) == ("m-2", "ACC-ALICE")
        # The correct one gets a result, too: it is not placed.
        assert (other.idempotency_key, other.reason) == ("m-1", answer.results[0].rejection.reason)


async def test_approvals_that_mean_no_good_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        held = (await client.place("k1", hold_for_approval=True)).order
        free = (await client.place("k2")).order.order_id
        await gateway.command(0)
        await gateway.send(gateway.acknowledged(gateway.commands[0].cl_ord_id))
        await gateway.applied()
        table = []
        for rpc, make in (("Approve", pb.ApproveRequest), ("Decline", pb.DeclineRequest)):

            def ask(key, order_id, make=make, **fields):
                return make(idempotency_key=key, order_id=order_id, **fields)

            held_id = held.order_id
            table += [
                (rpc, ask("x", ORDER), ANNA, "ORDER_NOT_FOUND", "order_id"),
                (rpc, ask("x", "'; DROP"), RITA, "ORDER_NOT_FOUND", "order_id"),
                (rpc, ask("x", held_id), BOB, "ORDER_NOT_FOUND", "order_id"),
                (rpc, ask("x", held_id), ALICE, "SECOND_PERSON_REQUIRED", "order_id"),
                (rpc, ask("x", free), ANNA, "OBJECT_STATE", "order_id"),
                (rpc, ask("k2", held_id), ANNA, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
            ]
        stale = held.progress.version + 1
        for version in (stale, 2**64 - 1):
            request = pb.ApproveRequest(
                idempotency_key="x", order_id=held.order_id, expected_version=version
            )
            table.append(("Approve", request, ANNA, "STALE_VERSION", "expected_version"))
        await refused_by_name(book, client.orders, table)
        assert (await client.get(held.order_id)).order.progress.state == order_pb2.ORDER_STATE_HELD


def found(exec_id: str, quantity: str, price: str = "650.05") -> pb.FoundExecution:
    return pb.FoundExecution(exec_id=exec_id, quantity=quantity, price=price)


def bad_words(doubtful: str, clear: str) -> list[tuple]:
    """Rows on an order in doubt, filled to 40 of 100 by E-40, and one that is not."""

    def word(holds: str, *executions: pb.FoundExecution, order: str = doubtful, key: str = "w"):
        return pb.ResolveRequest(
            idempotency_key=key,
            order_id=order,
            venue_holds=HOLDS[holds],
            executions=executions,
            reason="reported on the telephone",
        )

    replaced = word("WORKING")
    replaced.replaced = True
    rows = [
        (word("WORKING", order=ORDER), "ORDER_NOT_FOUND", "order_id"),
        (word("WORKING", order="'; DROP"), "ORDER_NOT_FOUND", "order_id"),
        (word("WORKING", order=clear), "OBJECT_STATE", "order_id"),
        (word("WORKING", key="k2"), "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
        (word("NOTHING"), "INVALID_FIELD", "venue_holds"),
        (word("FILLED"), "INVALID_FIELD", "venue_holds"),
        (word("FILLED", found("N1", "59.5")), "INVALID_FIELD", "venue_holds"),
        (word("WORKING", found("N1", "60")), "INVALID_FIELD", "venue_holds"),
        (word("CANCELED", found("N1", "60")), "INVALID_FIELD", "venue_holds"),
        (word("FILLED", found("N1", "60.5")), "INVALID_FIELD", "executions"),
        (word("FILLED", found("N1", "9" * 18)), "INVALID_FIELD", "executions"),
        (
            word("FILLED", found("N1", "30"), found("N1", "30")),
            "INVALID_FIELD",
            "executions[1].exec_id",
        ),
        (word("FILLED", found("E-40", "60")), "INVALID_FIELD", "executions[0].quantity"),
        (replaced, "INVALID_FIELD", "replaced"),
    ]
    return [("Resolve", request, RITA, reason, field) for request, reason, field in rows] + [
        ("Resolve", word("WORKING"), ALICE, "PERMISSION_DENIED", "")
    ]


async def test_words_that_mean_no_good_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        doubtful = (await client.place("k1")).order.order_id
        clear = (await client.place("k2")).order.order_id
        first, second = await gateway.command(0), await gateway.command(1)
        await gateway.send(
            gateway.acknowledged(first.cl_ord_id),
            gateway.filled(first.cl_ord_id, "40", "40", "60", exec_id="E-40"),
            gateway.acknowledged(second.cl_ord_id),
            gateway.filled(second.cl_ord_id, "1", "1", "99", exec_id="E-OTHER"),
        )
        await gateway.applied()
        await client.cancel("k3", doubtful)
        await gateway.receipt(await gateway.command(2), gw.COMMAND_OUTCOME_IN_DOUBT)
        await client.in_state(doubtful, order_pb2.ORDER_STATE_UNKNOWN)
        await refused_by_name(book, client.orders, bad_words(doubtful, clear))


async def test_going_flat_that_means_no_good_is_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        await client.place("k1")
        await gateway.command(0)

        def flat(key: str, account: str = "ACC-ALICE", instrument: str = "") -> pb.GoFlatRequest:
            return pb.GoFlatRequest(
                idempotency_key=key, account_id=account, instrument_id=instrument
            )

        rows = [
            (flat("f1", "ACC-BOB"), ALICE, "ACCOUNT_NOT_ALLOWED", "account_id"),
            (flat("f1", "ACC-NONE"), ALICE, "ACCOUNT_NOT_ALLOWED", "account_id"),
            (flat("f1", "ACC-NONE"), RITA, "ACCOUNT_NOT_ALLOWED", "account_id"),
            (flat("f1", instrument="NONE.SIMA"), ALICE, "INSTRUMENT_NOT_FOUND", "instrument_id"),
            (flat("k1"), ALICE, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
        ]
        table = [("GoFlat", request, who, reason, field) for request, who, reason, field in rows]
        await refused_by_name(book, client.orders, table)
        assert len(gateway.commands) == 1


async def test_a_closing_order_that_is_refused_is_recorded(book_url, tls, book):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        await client.place("k1")
        command = await gateway.command(0)
        await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await gateway.send(gateway.filled(command.cl_ord_id))
        await gateway.applied()
        halted = limit_service_pb2.SetTradingStatusRequest(
            idempotency_key="s", target=1, target_id="ACC-ALICE", status=3, reason="a test"
        )
        await LimitServiceStub(channel).SetTradingStatus(halted, metadata=RITA)
        request = pb.GoFlatRequest(idempotency_key="f", account_id="ACC-ALICE")
        answer = await client.orders.GoFlat(request, metadata=ALICE)
        (position,) = answer.positions
        assert position.cause == pb.FLAT_CAUSE_REFUSED
        (entry,) = await book.refused()
        assert entry.reason == position.rejection.reason
        assert (entry.actor, entry.command) == ("alice", "OrderService/GoFlat")
        assert (entry.idempotency_key, entry.account_id) == ("f", "ACC-ALICE")
