"""The domain's names and numbers are those of the contracts."""

import ast
import sys
from pathlib import Path

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as link_pb2
from ordermesh.oms.v1 import event_pb2, limit_pb2, order_pb2
from ordermesh.type.v1 import error_pb2
from svc_oms import domain
from svc_oms.domain import events, facts, model
from svc_oms.domain.controls.limits import limit_values as limits
from svc_oms.domain.lifecycle import EventKind, OrderState

FOLDER = Path(domain.__file__).parent


@pytest.mark.parametrize(
    ("ours", "theirs", "prefix"),
    [
        (OrderState, order_pb2.OrderState, "ORDER_STATE_"),
        (model.Side, order_pb2.Side, "SIDE_"),
        (model.OrderType, order_pb2.OrderType, "ORDER_TYPE_"),
        (model.TimeInForce, order_pb2.TimeInForce, "TIME_IN_FORCE_"),
        (model.TriggerPriceType, order_pb2.TriggerPriceType, "TRIGGER_PRICE_TYPE_"),
        (model.WaitsFor, order_pb2.WaitsFor, "WAITS_FOR_"),
        (model.LinkKind, order_pb2.OrderLinkKind, "ORDER_LINK_KIND_"),
        (model.OrderOrigin, order_pb2.OrderOrigin, "ORDER_ORIGIN_"),
        (model.ResolutionSource, event_pb2.ResolutionSource, "RESOLUTION_SOURCE_"),
        (limits.LimitKind, limit_pb2.LimitKind, "LIMIT_KIND_"),
        (limits.LimitScope, limit_pb2.LimitScope, "LIMIT_SCOPE_"),
        (limits.PermissionMode, limit_pb2.PermissionMode, "PERMISSION_MODE_"),
        (limits.SelfMatchPolicy, limit_pb2.SelfMatchPolicy, "SELF_MATCH_POLICY_"),
        (limits.StatusTarget, limit_pb2.TradingStatusTarget, "TRADING_STATUS_TARGET_"),
        (limits.OverrideState, limit_pb2.OverrideState, "OVERRIDE_STATE_"),
        (limits.TradingState, order_pb2.AccountStatus, "ACCOUNT_STATUS_"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_enumerations(ours, theirs, prefix):
    named = {name.removeprefix(prefix): number for name, number in theirs.items() if number}
    assert {member.name: member.value for member in ours} == named


def test_event_kinds_and_their_classes():
    oneof = event_pb2.OrderEvent.DESCRIPTOR.oneofs_by_name["kind"]
    kinds = {field.name.upper(): field.number for field in oneof.fields}
    assert {kind.name: kind.value for kind in EventKind} == kinds
    classes = {field.message_type.name: field.number for field in oneof.fields}
    ours = {kind.__name__: kind.kind.value for kind in events.Event.__args__}
    assert ours == classes


def test_an_order_has_every_field_of_its_message():
    beside = {"progress", "created_at", "updated_at"}
    fields = {field.name for field in order_pb2.Order.DESCRIPTOR.fields} - beside
    fields |= {field.name for field in order_pb2.OrderProgress.DESCRIPTOR.fields}
    fields |= {"created_at_ns", "updated_at_ns"}
    missing = {name for name in fields if not hasattr(model.Order, name)}
    assert missing == set()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (facts.ExecutionReportFacts, link_pb2.ExecutionReport),
        (facts.CancelRejectFacts, link_pb2.OrderCancelReject),
    ],
)
def test_facts_have_every_field_of_their_message(ours, theirs):
    named = {field.name for field in theirs.DESCRIPTOR.fields}
    times = ("transact_time", "expire_time")
    ours_for = {"told": "reported_order"} | {name: f"{name}_ns" for name in times}
    named = {ours_for.get(name, name) for name in named}
    assert set(ours._fields) - {"received_at_ns", "possible_resend"} == named


def test_reasons_the_domain_gives_are_error_reasons():
    reasons = {name.removeprefix("ERROR_REASON_") for name in error_pb2.ErrorReason.keys()}  # noqa: SIM118 - an enum wrapper, not a dict
    given = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "OrderRefused",
                "Rejection",
            }:
                reason = node.args[0]
                # Otherwise it is read from a table of venue_reasons.py, which has its own test.
                given |= {reason.value} if isinstance(reason, ast.Constant) else set()
    assert given
    assert given <= reasons


def test_the_domain_needs_nothing_but_the_standard_library():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                assert name.startswith(("svc_oms.domain", "kernel.")) or (
                    name.split(".")[0] in sys.stdlib_module_names
                ), f"{path.name} imports {name}"
                assert name.split(".")[0] not in {"time", "datetime", "asyncio", "random", "os"}


def test_a_limit_says_what_its_message_says():
    named = {field.name for field in limit_pb2.LimitValues.DESCRIPTOR.fields}
    assert set(limits.Values._fields) == named
    assert set(limits.NEEDS) == set(limits.LimitKind)
    narrowed = {field.name for field in limit_pb2.LimitRange.DESCRIPTOR.fields}
    assert set(limits.Range._fields) == narrowed
