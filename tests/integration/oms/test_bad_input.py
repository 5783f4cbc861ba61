"""Bad input to every rpc of the order book: named, recorded, and nothing changes.

The tables of field rules are made from the contract (tests/support/bad_input.py); what a
field means beyond its form is written out below.
"""

from google.protobuf.message import Message

from ordermesh.oms.v1 import audit_service_pb2, order_pb2, order_service_pb2
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.type.v1 import error_pb2
from tests.support.bad_input import cases, unbreakable
from tests.support.oms import ALICE, AUDREY, BOB, RITA, Client, trading
from tests.support.refusals import broken_fields, check, garbled_refused, refusal

OCO, OTO, ROUTED = (
    order_pb2.ORDER_LINK_KIND_OCO,
    order_pb2.ORDER_LINK_KIND_OTO,
    order_pb2.ORDER_LINK_KIND_ROUTED,
)
KEY, ORDER = "k-1", "01JD0000000000000000000000"
TERMS = {
    "quantity": "100",
    "limit_price": "650.05",
    "stop_price": "1",
    "display_quantity": "1",
    "time_in_force": order_pb2.TIME_IN_FORCE_GTD,
    "expire_time": {"seconds": 1_900_000_000},
    "trailing_offset": "1",
    "peg": {"reference": order_pb2.PEG_REFERENCE_PRIMARY, "offset": "0.5"},
    "trigger_price_type": order_pb2.TRIGGER_PRICE_TYPE_LAST,
}
PLACE = order_service_pb2.PlaceRequest(
    idempotency_key=KEY,
    account_id="ACC-ALICE",
    instrument_id="ASML.SIMA",
    side=order_pb2.SIDE_BUY,
    type=order_pb2.ORDER_TYPE_LIMIT,
    terms=TERMS,
    regulatory={
        "capacity": order_pb2.TRADING_CAPACITY_DEAL,
        "investment_decision": {"kind": 1, "short_code": "P1"},
        "execution_decision": {"kind": 2, "short_code": "A1"},
        "client_short_code": "C1",
        "algorithm_id": "algo",
        "non_executing_broker_lei": "ABCDEFGHIJ0123456789",
    },
    link={"kind": 1, "group_id": "g", "parent_order_id": ORDER, "parent_key": "k"},
    client_note="note",
    routing={
        "strategy": 5,
        "venues": ["SIMA"],
        "denied_venues": ["SIMB"],
        "schedule": {
            "start_time": {"seconds": 1},
            "end_time": {"seconds": 2},
            "slice_s": 1,
            "participation_bps": 1,
            "slice_quantity_max": "1",
        },
    },
)
REPLACE = order_service_pb2.ReplaceRequest(idempotency_key=KEY, order_id=ORDER, terms=TERMS)
CANCEL = order_service_pb2.CancelRequest(idempotency_key=KEY, order_id=ORDER)
CURSOR = {"account_id": "ACC-ALICE", "cursor": {"epoch": "e", "sequence": 1}}
WATCH = order_service_pb2.WatchRequest(accounts=[CURSOR], heartbeat_s=1)
GOOD = {
    "Place": PLACE,
    "PlaceBatch": order_service_pb2.PlaceBatchRequest(
        idempotency_key="b-1", account_id="ACC-ALICE", orders=[PLACE]
    ),
    "Approve": order_service_pb2.ApproveRequest(idempotency_key=KEY, order_id=ORDER),
    "Decline": order_service_pb2.DeclineRequest(idempotency_key=KEY, order_id=ORDER, text="no"),
    "Replace": REPLACE,
    "Cancel": CANCEL,
    "Pause": order_service_pb2.PauseRequest(idempotency_key=KEY, order_id=ORDER),
    "Resume": order_service_pb2.ResumeRequest(idempotency_key=KEY, order_id=ORDER),
    "CancelAll": order_service_pb2.CancelAllRequest(
        idempotency_key=KEY, account_id="ACC-ALICE", instrument_id="ASML.SIMA", side=1
    ),
    "Resolve": order_service_pb2.ResolveRequest(
        idempotency_key=KEY,
        order_id=ORDER,
        venue_holds=order_service_pb2.VENUE_HOLDS_WORKING,
        executions=[
            {"exec_id": "E1", "quantity": "1", "price": "650", "venue_time": {"seconds": 1}}
        ],
        venue_order_id="V1",
        reason="reported on the telephone",
    ),
    "ListStatements": order_service_pb2.ListStatementsRequest(
        order_id=ORDER, waiting_only=True, page_size=1, before_statement_id=ORDER
    ),
    "ConfirmStatement": order_service_pb2.ConfirmStatementRequest(statement_id=ORDER),
    "DeclineStatement": order_service_pb2.DeclineStatementRequest(statement_id=ORDER, reason="no"),
    "GoFlat": order_service_pb2.GoFlatRequest(
        idempotency_key=KEY, account_id="ACC-ALICE", instrument_id="ASML.SIMA"
    ),
    "Get": order_service_pb2.GetRequest(order_id=ORDER, as_of={"seconds": 1}),
    "ShowOrder": order_service_pb2.ShowOrderRequest(id=ORDER, at={"seconds": 1}),
    "ShowRouting": order_service_pb2.ShowRoutingRequest(order_id=ORDER),
    "List": order_service_pb2.ListRequest(
        account_id="ACC-ALICE",
        states=[order_pb2.ORDER_STATE_NEW],
        instrument_id="ASML.SIMA",
        created_from={"seconds": 1},
        created_until={"seconds": 2},
        page_size=1,
        page_token="x",
        as_of={"seconds": 3},
    ),
    "Watch": WATCH,
}
AUDIT_LIST = audit_service_pb2.AuditServiceListRequest(
    at_from={"seconds": 1},
    at_until={"seconds": 2},
    actor="alice",
    account_id="ACC-ALICE",
    order_id=ORDER,
    reasons=[error_pb2.ERROR_REASON_INVALID_FIELD],
    kind=1,
    page_size=1,
    page_token="x",
)
OPEN = flow_pb2.FlowOpen(
    watch=WATCH, results_only=True, cancel_on_disconnect={"grace_s": 1, "session_name": "s"}
)
COMMANDS = [
    flow_pb2.FlowCommand(place=PLACE),
    flow_pb2.FlowCommand(replace=REPLACE),
    flow_pb2.FlowCommand(cancel=CANCEL),
]
# Flags and free numbers: any value is good. What an expected_version means is tested below,
# what a cursor means in test_streams.py.
PLACE_FLAGS = {
    "hold_for_approval",
    "reduce_only",
    # True is refused, further below.
    "terms.quantity_is_estimate",
    "regulatory.direct_electronic_access",
    "regulatory.liquidity_provision",
    "regulatory.algorithmic",
    "regulatory.commodity_risk_reduction",
    # Depends on the strategy: tests/unit/oms_routing/test_request.py.
    "routing.schedule.participation_bps",
}
ANY_VALUE = {
    "Place": PLACE_FLAGS,
    "PlaceBatch": {"atomic"} | {f"orders.{flag}" for flag in PLACE_FLAGS},
    "Approve": {"expected_version"},
    "Replace": {"expected_version", "terms.quantity_is_estimate"},
    "Resolve": {"replaced", "parked_id"},
    "List": {"open_only"},
    "ShowRouting": {"after_number"},
    "ListStatements": {"waiting_only"},
    "Watch": {"accounts.cursor.sequence"},
}
CALLERS = dict.fromkeys(
    ("Resolve", "ListStatements", "ConfirmStatement", "DeclineStatement"), ("rita", RITA)
)


def test_every_field_has_a_case_or_takes_any_value():
    for name, good in GOOD.items():
        assert unbreakable(good) == ANY_VALUE.get(name, set()), name
    assert not unbreakable(AUDIT_LIST)
    opened = unbreakable(OPEN) - {f"watch.{path}" for path in ANY_VALUE["Watch"]}
    assert opened == {"results_only"}


def test_every_rpc_has_a_table():
    for module, covered in (
        (order_service_pb2, set(GOOD)),
        (audit_service_pb2, {"List"}),
        (flow_pb2, {"Flow"}),
    ):
        for service in module.DESCRIPTOR.services_by_name.values():
            assert {method.name for method in service.methods} == covered


async def test_broken_fields_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        for rpc, good in GOOD.items():
            name, who = CALLERS.get(rpc, ("alice", ALICE))
            await broken_fields(book, getattr(client.orders, rpc), good, name, who)
            assert not gateway.commands, rpc


async def test_broken_filters_of_the_audit_log_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        stub = AuditServiceStub(channel)
        table = cases(AUDIT_LIST)
        for case in table:
            check(await refusal(stub.List(case.request, metadata=AUDREY)), case.name, case.field)
        foreign = audit_service_pb2.AuditServiceListRequest(page_token="x")
        check(await refusal(stub.List(foreign, metadata=AUDREY)), "token", "page_token")
        assert len(await book.audit()) == len(table) + 1


async def test_broken_opens_end_a_flow_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, _gateway):
        before = await book.state()
        table = cases(OPEN)
        for case in table:
            call = client.flows.Flow(metadata=ALICE)
            await call.write(flow_pb2.FlowRequest(open=case.request))
            check(await refusal(call), case.name, case.field)
        for request in (flow_pb2.FlowRequest(), flow_pb2.FlowRequest(commands=COMMANDS)):
            call = client.flows.Flow(metadata=ALICE)
            await call.write(request)
            check(await refusal(call), "not opened", "open")
        assert await book.state() == before
        assert len(await book.audit()) == len(table) + 2


async def test_broken_commands_of_a_flow_are_results(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        call = client.flows.Flow(metadata=ALICE)
        await call.write(flow_pb2.FlowRequest(open=flow_pb2.FlowOpen(results_only=True)))
        before = await book.state()
        table = [case for good in COMMANDS for case in cases(good)]
        for number, case in enumerate(table):
            case.request.correlation_id = number
            await call.write(flow_pb2.FlowRequest(commands=[case.request]))
        answered = {}
        while len(answered) < len(table):
            for result in (await call.read()).results:
                answered[result.correlation_id] = result.refused
        for number, case in enumerate(table):
            assert answered[number].reason == error_pb2.ERROR_REASON_INVALID_FIELD, case.name
            assert answered[number].field == case.field, case.name
        many = flow_pb2.FlowRequest(commands=[COMMANDS[2]] * 501)
        await call.write(many)
        check(await refusal(call), "501 commands", "commands")
        assert await book.state() == before
        assert not gateway.commands
        assert len(await book.audit()) == len(table) + 1


async def test_bytes_that_are_no_message_are_refused(book_url, tls, book):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        before = await book.state()
        count = await garbled_refused(
            book,
            channel,
            "ordermesh.oms.v1.OrderService",
            GOOD,
            lambda rpc: CALLERS.get(rpc, ("alice", ALICE))[1],
        )
        flow = channel.stream_stream("/ordermesh.oms.v1.OrderFlowService/Flow")(metadata=ALICE)
        await flow.write(b"\xff")
        assert (await refusal(flow)).reason == "INVALID_FIELD"
        assert await book.state() == before
        assert len(await book.audit()) == count + 1


async def test_a_field_of_another_type_on_the_wire_is_a_missing_one(book_url, tls):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        place = channel.unary_unary("/ordermesh.oms.v1.OrderService/Place")
        # Field 1 as a number, field 4 (side) as a text.
        keyless = b"\x08\x01" + _without(PLACE, "idempotency_key")
        check(await refusal(place(keyless, metadata=ALICE)), "a number", "idempotency_key")
        sideless = b"\x22\x03BUY" + _without(PLACE, "side")
        check(await refusal(place(sideless, metadata=ALICE)), "a text", "side")


def _without(good: Message, field: str) -> bytes:
    copied = type(good)()
    copied.CopyFrom(good)
    copied.ClearField(field)
    return copied.SerializeToString()


def terms(**changes) -> dict[str, object]:
    plain = {"quantity": "100", "limit_price": "650.05", "time_in_force": 1}
    return {"terms": order_pb2.OrderTerms(**plain | changes)}


def link(kind: int, **changes: str) -> dict[str, object]:
    return {"link": order_pb2.OrderLink(**{"kind": kind, "group_id": "g"} | changes)}


# What was asked; reason, field, what it was, what it should be (parts of the text).
PLACE_MEANING = [
    ({"account_id": "ACC-BOB"}, "ACCOUNT_NOT_ALLOWED", "account_id", "ACC-BOB", "may not use"),
    ({"account_id": "ACC-NONE"}, "ACCOUNT_NOT_ALLOWED", "account_id", "ACC-NONE", "may not use"),
    ({"instrument_id": "NONE.SIMA"}, "INSTRUMENT_NOT_FOUND", "instrument_id", "NONE.SIMA", ""),
    ({"instrument_id": "ASML.SIMB"}, "VENUE_UNAVAILABLE", "", "SIMB", "order session"),
    (terms(quantity="1.5"), "QUANTITY_OFF_LOT", "terms.quantity", "1.5", "nearest is 1 or 2"),
    (terms(limit_price="650.01"), "PRICE_OFF_TICK", "terms.limit_price", "650.01", "650.05"),
    (terms(quantity="1000001"), "MAX_QUANTITY_EXCEEDED", "terms.quantity", "1000001", "1000000"),
    (terms(quantity="900000"), "MAX_VALUE_EXCEEDED", "terms.quantity", "900000", "10000000"),
    (terms(limit_price=""), "INVALID_FIELD", "terms.limit_price", "missing", "LIMIT"),
    (terms(quantity="9" * 18), "MAX_QUANTITY_EXCEEDED", "terms.quantity", "9" * 18, "1000000"),
    (terms(quantity=""), "INVALID_FIELD", "terms.quantity", "missing", "terms.cash_quantity"),
    (terms(cash_quantity="9"), "INVALID_FIELD", "terms.cash_quantity", "9", "empty"),
    (
        terms(cash_quantity="9", quantity=""),
        "UNSUPPORTED_ORDER_CHARACTERISTIC",
        "terms.cash_quantity",
        "9",
        "SIMA takes terms.quantity only",
    ),
    (
        terms(quantity_is_estimate=True),
        "INVALID_FIELD",
        "terms.quantity_is_estimate",
        "true",
        "empty",
    ),
    (terms(stop_price="1"), "INVALID_FIELD", "terms.stop_price", "1", "empty"),
    (terms(display_quantity="1"), "INVALID_FIELD", "terms.display_quantity", "1", "empty"),
    (terms(trailing_offset="1"), "INVALID_FIELD", "terms.trailing_offset", "1", "empty"),
    (
        terms(expire_time={"seconds": 1}),
        "INVALID_FIELD",
        "terms.expire_time",
        "",
        "empty",
    ),
    (terms(peg={"reference": 1}), "INVALID_FIELD", "terms.peg", "", "empty"),
    (terms(trigger_price_type=2), "INVALID_FIELD", "terms.trigger_price_type", "BEST_BID", "empty"),
    ({"link": {}}, "INVALID_FIELD", "link.kind", "missing", "OCO, OTO, BRACKET"),
    (link(ROUTED), "INVALID_FIELD", "link.kind", "ROUTED", "OCO, OTO, BRACKET"),
    (link(OCO, group_id=""), "INVALID_FIELD", "link.group_id", "missing", "name of a group"),
    (link(OCO, parent_order_id=ORDER), "INVALID_FIELD", "link.parent_order_id", ORDER, "empty"),
    (link(OTO, parent_order_id=ORDER), "INVALID_FIELD", "link.parent_order_id", ORDER, "parent"),
    (link(OTO, parent_key="k"), "INVALID_FIELD", "link.parent_key", "k", "empty"),
]


async def test_orders_that_mean_no_good_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        before = await book.state()
        for index, (change, reason, field, was, should) in enumerate(PLACE_MEANING):
            request = client.request(f"m-{index}", **change)
            found = await refusal(client.orders.Place(request, metadata=ALICE))
            assert (found.reason, found.field) == (reason, field), (change, found)
            assert was in found.text, found
            assert should in found.text, found
        assert await book.state() == before
        assert not gateway.commands
        entries = await book.audit()
        assert [entry.idempotency_key for entry in entries] == [
            f"m-{index}" for index in range(len(PLACE_MEANING))
        ]
        for entry, (_, reason, field, _was, _should) in zip(entries, PLACE_MEANING, strict=True):
            assert error_pb2.ErrorReason.Name(entry.reason) == f"ERROR_REASON_{reason}"
            assert entry.field == field


def bad_changes(client: Client, filled: str, canceling: str, version: int) -> list[tuple]:
    """Rpc, request, user, reason and the beginning of the field, on two orders of alice's.

    The first is filled to 40 of 100 and has that version; the other's cancel is pending.
    """
    stale, order_id, other = version + 1, filled, canceling

    def replace(key: str, order: str = filled, version: int = 0, **changes):
        return order_service_pb2.ReplaceRequest(
            idempotency_key=key, order_id=order, expected_version=version, **terms(**changes)
        )

    def cancel(key: str, order: str) -> order_service_pb2.CancelRequest:
        return order_service_pb2.CancelRequest(idempotency_key=key, order_id=order)

    every = order_service_pb2.CancelAllRequest
    return [
        ("Replace", replace("r1", ORDER), ALICE, "ORDER_NOT_FOUND", "order_id"),
        ("Replace", replace("r2"), BOB, "ORDER_NOT_FOUND", "order_id"),
        ("Replace", replace("r3", version=stale), ALICE, "STALE_VERSION", "expected_v"),
        ("Replace", replace("r4", version=2**64 - 1), ALICE, "STALE_VERSION", "expected_v"),
        ("Replace", replace("r5", quantity="40"), ALICE, "INVALID_FIELD", "terms.quantity"),
        ("Replace", replace("r6", quantity="0.5"), ALICE, "INVALID_FIELD", "terms.quantity"),
        ("Replace", replace("r7", quantity="50.5"), ALICE, "QUANTITY_OFF_LOT", "terms.q"),
        ("Replace", replace("r8", limit_price="1.01"), ALICE, "PRICE_OFF_TICK", "terms.l"),
        ("Replace", replace("r10", cash_quantity="9"), ALICE, "INVALID_FIELD", "terms.cash_q"),
        ("Replace", replace("r11", quantity=""), ALICE, "INVALID_FIELD", "terms.quantity"),
        ("Replace", replace("r9", other), ALICE, "ORDER_CHANGE_PENDING", "order_id"),
        ("Replace", replace("k1"), ALICE, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
        ("Cancel", cancel("c1", ORDER), ALICE, "ORDER_NOT_FOUND", "order_id"),
        ("Cancel", cancel("c2", order_id), BOB, "ORDER_NOT_FOUND", "order_id"),
        ("Cancel", cancel("c3", "'; DROP"), ALICE, "ORDER_NOT_FOUND", "order_id"),
        ("Cancel", cancel("c4", other), ALICE, "ORDER_CHANGE_PENDING", "order_id"),
        ("Cancel", cancel("k2", order_id), ALICE, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"),
        (
            "CancelAll",
            every(idempotency_key="k1", account_id="ACC-ALICE"),
            ALICE,
            "IDEMPOTENCY_KEY_REUSED",
            "idempotency_key",
        ),
        (
            "CancelAll",
            every(idempotency_key="a1", account_id="ACC-ALICE"),
            BOB,
            "ACCOUNT_NOT_ALLOWED",
            "account_id",
        ),
        (
            "Place",
            client.request("k1", quantity="200"),
            ALICE,
            "IDEMPOTENCY_KEY_REUSED",
            "idempotency_key",
        ),
    ]


async def test_changes_that_mean_no_good_are_refused_by_name(book_url, tls, book):
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        other = (await client.place("k2")).order.order_id
        for index in range(2):
            command = await gateway.command(index)
            await gateway.send(gateway.acknowledged(command.cl_ord_id))
        first = await gateway.command(0)
        await gateway.send(gateway.filled(first.cl_ord_id, "40", "40", "60"))
        await gateway.applied()
        await client.cancel("k3", other)
        version = (await client.get(order_id)).order.progress.version
        before = await book.state()

        table = bad_changes(client, order_id, other, version)
        for rpc, request, user, reason, field in table:
            found = await refusal(getattr(client.orders, rpc)(request, metadata=user))
            assert found.reason == reason, (request, found)
            assert found.field.startswith(field), (request, found)
        assert await book.state() == before
        entries = await book.audit()
        assert [error_pb2.ErrorReason.Name(e.reason) for e in entries] == [
            f"ERROR_REASON_{row[3]}" for row in table
        ]
        assert [e.order_id for e in entries if e.command == "OrderService/Replace"][:3] == [
            ORDER,
            order_id,
            order_id,
        ]
