"""Bad input to every rpc of the limits: named, recorded, and nothing changes."""

from kernel.clock import SystemClock
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from svc_oms.service.codec.values import timestamp
from tests.support.bad_input import unbreakable
from tests.support.oms import ALICE, BOB, RAVI, RITA, trading
from tests.support.refusals import broken_fields, refused_by_name

NOBODYS = "01JD0000000000000000000000"
REASON = "a test"
KIND = limit_pb2.LimitKind.Value
OF_ALICE = {"scope": limit_pb2.LIMIT_SCOPE_ACCOUNT, "scope_id": "ACC-ALICE"}
VALUES = {
    "quantity": "1",
    "value": "1",
    "percent": "1",
    "window_percent": "1",
    "long_quantity": "1",
    "short_quantity": "1",
    "messages": 1,
    "cancels": 1,
    "executions": 1,
    "permission": limit_pb2.PERMISSION_MODE_ALLOW_LISTED,
    "instruments": ["ASML.SIMA"],
    "self_match": limit_pb2.SELF_MATCH_POLICY_REJECT_NEW,
    "window_ms": 1,
}
GOOD = {
    "SetLimit": pb.SetLimitRequest(
        idempotency_key="k",
        kind=limit_pb2.LIMIT_KIND_VOLUME,
        range=OF_ALICE | {"instrument_id": "ASML.SIMA", "venue_mic": "SIMA", "currency": "EUR"},
        values=VALUES,
        valid_from={"seconds": 1_900_000_000},
        valid_until={"seconds": 1_900_000_001},
        reason=REASON,
    ),
    "EndLimit": pb.EndLimitRequest(
        idempotency_key="k", limit_id=NOBODYS, expected_version=1, reason=REASON
    ),
    "ListLimits": pb.ListLimitsRequest(account_id="ACC-ALICE", at={"seconds": 1}, page_size=1),
    "ListLimitHistory": pb.ListLimitHistoryRequest(limit_id=NOBODYS),
    "GetUsage": pb.GetUsageRequest(account_id="ACC-ALICE"),
    "ListPositions": pb.ListPositionsRequest(account_id="ACC-ALICE", as_of={"seconds": 1}),
    "ProposeOverride": pb.ProposeOverrideRequest(
        idempotency_key="k",
        limit_id=NOBODYS,
        account_id="ACC-ALICE",
        values=VALUES,
        valid_until={"seconds": 1_900_000_000},
        reason=REASON,
    ),
    "ApproveOverride": pb.ApproveOverrideRequest(
        idempotency_key="k", override_id=NOBODYS, reason=REASON
    ),
    "RejectOverride": pb.RejectOverrideRequest(
        idempotency_key="k", override_id=NOBODYS, reason=REASON
    ),
    "ListOverrides": pb.ListOverridesRequest(account_id="ACC-ALICE"),
    "ConfirmChange": pb.ConfirmChangeRequest(idempotency_key="k", change_id=NOBODYS, reason=REASON),
    "RejectChange": pb.RejectChangeRequest(idempotency_key="k", change_id=NOBODYS, reason=REASON),
    "ListProposedChanges": pb.ListProposedChangesRequest(account_id="ACC-ALICE"),
    "SetTradingStatus": pb.SetTradingStatusRequest(
        idempotency_key="k", target=1, target_id="ACC-ALICE", status=3, reason=REASON
    ),
    "ListTradingStatus": pb.ListTradingStatusRequest(target=1, target_id="ACC-ALICE"),
    "EnableStrategy": pb.EnableStrategyRequest(
        idempotency_key="k",
        account_id="ACC-ALICE",
        strategy="trader:alice",
        instrument_id="ASML.SIMA",
        side=order_pb2.SIDE_BUY,
        reason=REASON,
    ),
}
# A flag, or a version: what a wrong one means is tested below.
ANY_VALUE = {
    "SetLimit": {"expected_version", "values.short_sale_allowed"},
    "ListLimitHistory": {"after_version"},
    "ProposeOverride": {"values.short_sale_allowed"},
}


def test_every_rpc_and_every_field_has_a_case() -> None:
    (service,) = pb.DESCRIPTOR.services_by_name.values()
    assert {method.name for method in service.methods} == set(GOOD)
    for name, good in GOOD.items():
        assert unbreakable(good) == ANY_VALUE.get(name, set()), name


async def test_broken_fields_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        for rpc, good in GOOD.items():
            await broken_fields(book, getattr(limits, rpc), good, "rita", RITA)


def soon(seconds: int):
    return timestamp(SystemClock().now_ns() + seconds * 1_000_000_000)


def confirm(change: pb.ProposedChange, key: str = "x") -> pb.ConfirmChangeRequest:
    return pb.ConfirmChangeRequest(idempotency_key=key, change_id=change.change_id)


def limit(kind: str, key: str = "x", version: int = 0, range_=None, **fields) -> pb.SetLimitRequest:
    times = {name: fields.pop(name) for name in ("valid_from", "valid_until") if name in fields}
    return pb.SetLimitRequest(
        idempotency_key=key,
        kind=KIND(f"LIMIT_KIND_{kind}"),
        range=OF_ALICE | (range_ or {}),
        values=fields,
        reason=REASON,
        expected_version=version,
        **times,
    )


QUANTITY, COLLAR, POWER = "MAX_ORDER_QUANTITY", "PRICE_COLLAR", "BUYING_POWER"
FIRM, DESK = {"scope": limit_pb2.LIMIT_SCOPE_FIRM}, {"scope": limit_pb2.LIMIT_SCOPE_DESK}
SENSELESS = [
    (limit(QUANTITY), "values.quantity"),
    (limit(QUANTITY, value="5"), "values.value"),
    (limit(QUANTITY, quantity="5", short_sale_allowed=True), "values.short_sale_allowed"),
    (limit("VOLUME", quantity="5"), "values.window_ms"),
    (limit("VOLUME", window_ms=5), "values.quantity"),
    (limit("MESSAGE_RATE", messages=5), "values.window_ms"),
    (limit("MESSAGE_RATE", messages=5, cancels=4, window_ms=9), "values.cancels"),
    (limit("MESSAGE_RATE", cancels=4, window_ms=9), "values.messages"),
    (limit("REPEATED_EXECUTION", executions=4), "values.window_ms"),
    (limit(COLLAR, percent="5", window_ms=5), "values.window_percent"),
    (limit(COLLAR, percent="5", window_percent="5"), "values.window_ms"),
    (limit("INSTRUMENT_PERMISSION", instruments=["ASML.SIMA"]), "values.permission"),
    (limit("SELF_MATCH"), "values.self_match"),
    (limit(POWER, value="5"), "range.currency"),
    (limit(POWER, range_={"currency": "EUR", "venue_mic": "SIMA"}, value="5"), "range.currency"),
    (limit(QUANTITY, range_={"instrument_id": "ASML.SIMA", "venue_mic": "SIMA"}, quantity="5"),
     "range.venue_mic"),
    (limit(QUANTITY, quantity="5", valid_from={"seconds": 0}), "valid_from"),
    (limit(QUANTITY, quantity="5", valid_from={"seconds": 1}), "valid_from"),
    (limit(QUANTITY, quantity="5", valid_until={"seconds": 0}), "valid_until"),
    (limit(QUANTITY, quantity="5", valid_until={"seconds": 1}), "valid_until"),
    (limit(QUANTITY, quantity="5", valid_from={"seconds": 1_900_000_000},
           valid_until={"seconds": 1_900_000_000}), "valid_until"),
]  # fmt: skip


async def test_limits_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        known = limit(QUANTITY, "k1", quantity="5")
        set_ = (await limits.SetLimit(known, metadata=RITA)).limit
        over = (await limits.SetLimit(limit("SELF_MATCH", "k2", self_match=1), metadata=RITA)).limit

        def end(key: str, version: int, limit_id: str = set_.limit_id) -> pb.EndLimitRequest:
            return pb.EndLimitRequest(
                idempotency_key=key, limit_id=limit_id, expected_version=version, reason=REASON
            )

        ended = await limits.EndLimit(end("k3", 1, over.limit_id), metadata=RITA)
        await limits.ConfirmChange(confirm(ended.proposed, "k3"), metadata=RAVI)
        rows = [("SetLimit", request, "INVALID_FIELD", field) for request, field in SENSELESS]
        for changes in (
            {"scope_id": "ACC-NONE"},
            {"scope_id": "DEMO/CASH"},
            FIRM | {"scope_id": "ACC-ALICE"},
            FIRM | {"scope_id": "NONE"},
            DESK | {"scope_id": "DEMO"},
            DESK | {"scope_id": "DEMO/NONE"},
        ):
            request = limit(QUANTITY, range_=changes, quantity="5")
            rows.append(("SetLimit", request, "OBJECT_NOT_FOUND", "range.scope_id"))
        # Narrowed to what is not there it would hold nothing.
        for changes, field in (
            ({"instrument_id": "ASLM.SIMA"}, "instrument_id"),
            ({"instrument_id": "ASML.SIMC"}, "instrument_id"),
            ({"venue_mic": "SIMC"}, "venue_mic"),
            (FIRM | {"scope_id": "DEMO", "venue_mic": "XXXX"}, "venue_mic"),
        ):
            request = limit(QUANTITY, range_=changes, quantity="5")
            rows.append(("SetLimit", request, "OBJECT_NOT_FOUND", f"range.{field}"))
        stale, reused = ("STALE_VERSION", "expected_version"), "IDEMPOTENCY_KEY_REUSED"
        rows += [
            ("SetLimit", limit(QUANTITY, quantity="6"), *stale),
            ("SetLimit", limit(QUANTITY, version=2, quantity="6"), *stale),
            ("SetLimit", limit(QUANTITY, version=2**32 - 1, quantity="6"), *stale),
            ("SetLimit", limit(QUANTITY, "k1", 1, quantity="6"), reused, "idempotency_key"),
            ("EndLimit", end("x", 2), *stale),
            ("EndLimit", end("x", 1, NOBODYS), "OBJECT_NOT_FOUND", "limit_id"),
            ("EndLimit", end("x", 1, "'; DROP"), "OBJECT_NOT_FOUND", "limit_id"),
            ("EndLimit", end("x", 1, over.limit_id), *stale),
            ("EndLimit", end("x", 2, over.limit_id), "OBJECT_STATE", "limit_id"),
            ("EndLimit", end("k1", 1), reused, "idempotency_key"),
        ]
        table = [(rpc, request, RITA, reason, field) for rpc, request, reason, field in rows]
        table.append(("SetLimit", limit(QUANTITY, quantity="6"), ALICE, "PERMISSION_DENIED", ""))
        await refused_by_name(book, limits, table)


async def test_overrides_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        request = limit(QUANTITY, "k1", quantity="5")
        limit_id = (await limits.SetLimit(request, metadata=RITA)).limit.limit_id

        def propose(key: str = "x", **changes: object) -> pb.ProposeOverrideRequest:
            fields = {
                "limit_id": limit_id,
                "account_id": "ACC-ALICE",
                "values": {"quantity": "9"},
                "valid_until": soon(600),
                "reason": REASON,
            } | changes
            return pb.ProposeOverrideRequest(idempotency_key=key, **fields)

        def approve(override_id: str, key: str = "x") -> pb.ApproveOverrideRequest:
            return pb.ApproveOverrideRequest(idempotency_key=key, override_id=override_id)

        def reject(override_id: str, key: str = "x") -> pb.RejectOverrideRequest:
            return pb.RejectOverrideRequest(
                idempotency_key=key, override_id=override_id, reason=REASON
            )

        waits, over = [
            (await limits.ProposeOverride(propose(key), metadata=RITA)).override.override_id
            for key in ("k2", "k3")
        ]
        await limits.RejectOverride(reject(over, "k4"), metadata=RITA)
        invalid, absent = "INVALID_FIELD", "OBJECT_NOT_FOUND"
        rows = [
            ("ProposeOverride", propose(limit_id=NOBODYS), absent, "limit_id"),
            ("ProposeOverride", propose(limit_id="'; DROP"), absent, "limit_id"),
            ("ProposeOverride", propose(account_id="ACC-NONE"), absent, "account_id"),
            ("ProposeOverride", propose(account_id="ACC-BOB"), invalid, "account_id"),
            ("ProposeOverride", propose(values={}), invalid, "values.quantity"),
            ("ProposeOverride", propose(values={"value": "9"}), invalid, "values.value"),
            ("ProposeOverride", propose(valid_until={"seconds": 0}), invalid, "valid_until"),
            ("ProposeOverride", propose(valid_until=soon(-1)), invalid, "valid_until"),
            ("ProposeOverride", propose(valid_until=soon(86_460)), invalid, "valid_until"),
            ("ApproveOverride", approve(NOBODYS), absent, "override_id"),
            ("ApproveOverride", approve(limit_id), absent, "override_id"),
            ("ApproveOverride", approve(waits), "SECOND_PERSON_REQUIRED", "override_id"),
            ("ApproveOverride", approve(over), "OBJECT_STATE", "override_id"),
            ("RejectOverride", reject(NOBODYS), absent, "override_id"),
            ("RejectOverride", reject(over), "OBJECT_STATE", "override_id"),
        ]
        rows += [
            (rpc, request, "IDEMPOTENCY_KEY_REUSED", "idempotency_key")
            for rpc, request in (
                ("ProposeOverride", propose("k1")),
                ("ApproveOverride", approve(waits, "k1")),
                ("RejectOverride", reject(waits, "k1")),
            )
        ]
        table = [(rpc, request, RITA, reason, field) for rpc, request, reason, field in rows]
        await refused_by_name(book, limits, table)
        # What was refused has not spoilt it.
        await limits.ApproveOverride(approve(waits), metadata=RAVI)


async def test_decisions_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        await limits.SetLimit(limit(QUANTITY, "k1", quantity="5"), metadata=RITA)
        waits, over = [
            (await limits.SetLimit(limit(QUANTITY, key, 1, quantity="6"), metadata=RITA)).proposed
            for key in ("k2", "k3")
        ]

        def reject(change_id: str, key: str = "x") -> pb.RejectChangeRequest:
            return pb.RejectChangeRequest(idempotency_key=key, change_id=change_id, reason=REASON)

        await limits.RejectChange(reject(over.change_id, "k4"), metadata=RITA)
        nobodys = pb.ProposedChange(change_id=NOBODYS)
        injected = pb.ProposedChange(change_id="'; DROP")
        absent, reused = "OBJECT_NOT_FOUND", "IDEMPOTENCY_KEY_REUSED"
        rows = [
            ("ConfirmChange", confirm(nobodys), absent, "change_id"),
            ("ConfirmChange", confirm(injected), absent, "change_id"),
            ("ConfirmChange", confirm(waits), "SECOND_PERSON_REQUIRED", "change_id"),
            ("ConfirmChange", confirm(over), "OBJECT_STATE", "change_id"),
            ("ConfirmChange", confirm(waits, "k1"), reused, "idempotency_key"),
            ("RejectChange", reject(NOBODYS), absent, "change_id"),
            ("RejectChange", reject(over.change_id), "OBJECT_STATE", "change_id"),
            ("RejectChange", reject(waits.change_id, "k1"), reused, "idempotency_key"),
        ]
        table = [(rpc, request, RITA, reason, field) for rpc, request, reason, field in rows]
        await refused_by_name(book, limits, table)
        # What was refused has not spoilt it.
        done = await limits.ConfirmChange(confirm(waits), metadata=RAVI)
        assert (done.limit.version, done.limit.values.quantity) == (2, "6")


ACCOUNT, LISTING, VENUE, HOUSE = range(1, 5)


def status(target: int, target_id: str, key: str = "x") -> pb.SetTradingStatusRequest:
    return pb.SetTradingStatusRequest(
        idempotency_key=key, target=target, target_id=target_id, status=3, reason=REASON
    )


async def test_states_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    """A state of a misspelt name would stop nothing."""
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        for number, (target, name) in enumerate(
            ((ACCOUNT, "ACC-BOB"), (LISTING, "ASML.SIMB"), (VENUE, "SIMB"), (HOUSE, "DEMO"))
        ):
            await limits.SetTradingStatus(status(target, name, f"k{number}"), metadata=RITA)

        def enable(key: str = "x", **changes: object) -> pb.EnableStrategyRequest:
            request = pb.EnableStrategyRequest()
            request.CopyFrom(GOOD["EnableStrategy"])
            request.MergeFrom(pb.EnableStrategyRequest(idempotency_key=key, **changes))
            return request

        invalid, absent, reused = "INVALID_FIELD", "OBJECT_NOT_FOUND", "IDEMPOTENCY_KEY_REUSED"
        rows = [
            ("SetTradingStatus", status(ACCOUNT, "ACC-NONE"), absent, "target_id"),
            ("SetTradingStatus", status(LISTING, "ASLM.SIMA"), absent, "target_id"),
            ("SetTradingStatus", status(VENUE, "SIMC"), absent, "target_id"),
            ("SetTradingStatus", status(ACCOUNT, "DEMO"), absent, "target_id"),
            ("SetTradingStatus", status(HOUSE, "ACC-ALICE"), absent, "target_id"),
            ("SetTradingStatus", status(VENUE, "SIM"), invalid, "target_id"),
            ("SetTradingStatus", status(VENUE, "sima"), invalid, "target_id"),
            ("SetTradingStatus", status(VENUE, "ASML.SIMA"), invalid, "target_id"),
            ("SetTradingStatus", status(LISTING, "SIMA"), invalid, "target_id"),
            ("SetTradingStatus", status(LISTING, "asml.SIMA"), invalid, "target_id"),
            ("SetTradingStatus", status(LISTING, "ASML.SIMA.X"), invalid, "target_id"),
            ("SetTradingStatus", status(ACCOUNT, "ACC-ALICE", "k0"), reused, "idempotency_key"),
            ("EnableStrategy", enable(account_id="ACC-NONE"), "ACCOUNT_NOT_ALLOWED", "account_id"),
            ("EnableStrategy", enable(), absent, "strategy"),
            ("EnableStrategy", enable(instrument_id="NONE.SIMA"), absent, "strategy"),
            ("EnableStrategy", enable("k0"), reused, "idempotency_key"),
        ]
        table = [(rpc, request, RITA, reason, field) for rpc, request, reason, field in rows]
        await refused_by_name(book, limits, table)


async def test_questions_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        table = []
        for rpc in (
            "ListLimits",
            "GetUsage",
            "ListPositions",
            "ListOverrides",
            "ListProposedChanges",
        ):
            make = type(GOOD[rpc])
            for who, account in ((BOB, "ACC-ALICE"), (BOB, "ACC-NONE"), (RITA, "ACC-NONE")):
                request = make(account_id=account)
                table.append((rpc, request, who, "ACCOUNT_NOT_ALLOWED", "account_id"))
            if "page_token" in make.DESCRIPTOR.fields_by_name:
                for token in ("x", "default", "'; DROP", NOBODYS[:-1], NOBODYS + "0", "~" * 26):
                    request = make(page_token=token)
                    table.append((rpc, request, RITA, "INVALID_FIELD", "page_token"))
        for limit_id in (NOBODYS, "x", "default"):
            request = pb.ListLimitHistoryRequest(limit_id=limit_id)
            table.append(("ListLimitHistory", request, RITA, "OBJECT_NOT_FOUND", "limit_id"))
        for request in (
            pb.ListTradingStatusRequest(target=1),
            pb.ListTradingStatusRequest(target_id="ACC-ALICE"),
        ):
            field = "target_id" if request.target else "target"
            table.append(("ListTradingStatus", request, RITA, "INVALID_FIELD", field))
        await refused_by_name(book, LimitServiceStub(channel), table)
