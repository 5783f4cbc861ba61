"""Every limit in force is shown, used or not; and refusals say whose limit it is."""

from decimal import Decimal

import pytest

from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.controls.limits.controls import Controls
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    PermissionMode,
    Range,
    SelfMatchPolicy,
    TradingState,
    Values,
)
from svc_oms.domain.controls.limits.refusals import named, past
from svc_oms.domain.controls.state import AccountState
from svc_oms.domain.controls.trial import AccountView
from svc_oms.domain.controls.usage import uses

D = Decimal
EUR = Range(LimitScope.ACCOUNT, "A", currency="EUR")
ANY = Range(LimitScope.FIRM, "F")

KINDS = {
    LimitKind.MAX_ORDER_QUANTITY: (ANY, Values(quantity=D(5))),
    LimitKind.MAX_ORDER_VALUE: (ANY, Values(value=D(5))),
    LimitKind.PRICE_COLLAR: (ANY, Values(percent=D(5))),
    LimitKind.VOLUME: (ANY, Values(quantity=D(5), value=D(7), window_ms=1000)),
    LimitKind.OPEN_EXPOSURE: (ANY, Values(value=D(5))),
    LimitKind.POSITION: (ANY, Values(long_quantity=D(5), short_quantity=D(0))),
    LimitKind.MESSAGE_RATE: (ANY, Values(messages=5, cancels=7, window_ms=1000)),
    LimitKind.REPEATED_EXECUTION: (ANY, Values(executions=5, window_ms=1000)),
    LimitKind.INSTRUMENT_PERMISSION: (ANY, Values(permission=PermissionMode.DENY_LISTED)),
    LimitKind.SHORT_SALE: (ANY, Values()),
    LimitKind.BUYING_POWER: (EUR, Values(value=D(5))),
    LimitKind.SELF_MATCH: (ANY, Values(self_match=SelfMatchPolicy.REJECT_NEW)),
    LimitKind.DUPLICATE_ORDER: (ANY, Values(window_ms=1000)),
}
COUNTED = {
    LimitKind.VOLUME: [("0", "5"), ("0", "7")],
    LimitKind.OPEN_EXPOSURE: [("0", "5")],
    LimitKind.POSITION: [("0", "5"), ("0", "0")],
    LimitKind.MESSAGE_RATE: [("0", "5"), ("0", "7")],
    LimitKind.REPEATED_EXECUTION: [("0", "5")],
    LimitKind.BUYING_POWER: [("0", "5")],
}


def view(kind: LimitKind) -> AccountView:
    range_, values = KINDS[kind]
    controls = Controls(1, [Limit("L", 1, kind, range_, values)], [], {})
    return AccountView(
        account_id="A", firm_id="F", controls=controls,
        limits=controls.of_account("A", "F", ""), defaults={}, state=AccountState(),
        book=OpenBook([], {}, lambda _id: None), own_state=TradingState.ACTIVE,
        value_price=lambda _id: None, collar_price=lambda _id: None,
        strategy_of=lambda order: order.placed_by,
    )  # fmt: skip


@pytest.mark.parametrize("kind", LimitKind)
def test_a_limit_that_is_not_used_is_shown(kind: LimitKind) -> None:
    found = uses(view(kind), 1, lambda _id: "")
    assert {one.applied.limit.limit_id for one in found} == {"L"}
    if kind in COUNTED:
        assert [(one.used, one.maximum) for one in found] == COUNTED[kind]
    else:
        assert [one.used for one in found] == [""]


@pytest.mark.parametrize(
    ("range_", "words"),
    [
        (Range(LimitScope.FIRM, "DEMO"), "firm DEMO"),
        (Range(LimitScope.DESK, "DEMO/CASH"), "desk DEMO/CASH"),
        (Range(LimitScope.ACCOUNT, "ACC-A", "ASML.SIMA"), "account ACC-A, ASML.SIMA"),
        (Range(LimitScope.ACCOUNT, "ACC-A", "", "SIMA", "EUR"), "account ACC-A, SIMA, EUR"),
        (Range(LimitScope.FIRM, ""), "the service's settings"),
    ],
)
def test_a_refusal_names_whose_limit_it_is(range_: Range, words: str) -> None:
    limit = Limit("L", 3, LimitKind.MAX_ORDER_QUANTITY, range_, Values(quantity=D(5)))
    applied = Applied(limit, limit.values)
    refused = past(applied, "MAX_QUANTITY_EXCEEDED", "terms.quantity", D(6), D(5), "")
    assert refused.text == (
        f"terms.quantity would be 6, above the 5 of limit L version 3 of {words}"
    )
    assert named(applied).get("limit_range", "the service's settings") == words
