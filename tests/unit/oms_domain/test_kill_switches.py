"""What a scope covers, and what became of an order that was to be pulled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_gateway.domain.sending import blocks
from svc_oms.domain.kill_switches import (
    PullOutcome,
    Scope,
    Subject,
    blocks_some,
    covers,
    find,
    reaches_session,
)
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, OrderTerms, OrderType, Rejection
from svc_oms.domain.numbers import Quantity

MATCHING = Scope("DEMO", "D1", "ACC-A", "alice", "ALGO-7", "sima-orders", "SIMA", "X.SIMA")
SUBJECT = Subject(*MATCHING[:3], ("alice", "bob"), *MATCHING[4:])


def order(**changes) -> Order:
    made = Order(
        order_id="01JD0000000000000000000001",
        account_id="ACC-A",
        idempotency_key="k",
        instrument_id="X.SIMA",
        symbol="X",
        venue_mic="SIMA",
        isin="",
        currency="EUR",
        side=Side.BUY,
        type=OrderType.LIMIT,
        terms=OrderTerms(Quantity(100)),
        leaves_quantity=Quantity(100),
        cl_ord_id="01JD0000000000000000000001-1",
        placed_by="alice",
        created_at_ns=1,
        updated_at_ns=1,
        state=OrderState.NEW,
    )
    return made._replace(**changes)


@pytest.mark.parametrize("field", Scope._fields)
def test_each_field_alone_covers_what_it_names_and_nothing_else(field):
    assert covers(Scope()._replace(**{field: getattr(MATCHING, field)}), SUBJECT)
    assert not covers(Scope()._replace(**{field: "other"}), SUBJECT)


@pytest.mark.parametrize("field", Scope._fields)
def test_all_given_must_match(field):
    assert covers(MATCHING, SUBJECT)
    assert not covers(MATCHING._replace(**{field: "other"}), SUBJECT)


def test_whoever_asks_for_the_change_counts_as_trader():
    assert covers(Scope(trader="bob"), SUBJECT)


def test_an_empty_scope_covers_nothing():
    assert not covers(Scope(), SUBJECT)


NAMES = st.sampled_from(["", "a", "b"])
SCOPES = st.tuples(*[NAMES] * 8).map(lambda parts: Scope(*parts))
SUBJECTS = st.tuples(NAMES, NAMES, NAMES, st.tuples(NAMES, NAMES), NAMES, NAMES, NAMES, NAMES)


@given(SCOPES, SUBJECTS)
def test_the_gateway_and_the_order_book_agree(scope, parts):
    ours = covers(scope, Subject(*parts))
    theirs = blocks.covers(blocks.Block("id", "text", *scope), blocks.Subject(*parts))
    assert ours == theirs


@given(SCOPES, SUBJECTS)
def test_a_command_of_unknown_origin_is_held_back_sooner_than_sent(scope, parts):
    known = blocks.covers(blocks.Block("id", "text", *scope), blocks.Subject(*parts))
    unknown = blocks.Subject(*parts, origin_known=False)
    if known:
        assert blocks.covers(blocks.Block("id", "text", *scope), unknown)


def test_sessions_in_scope():
    assert reaches_session(Scope(firm_id="DEMO"), "sima-orders", "SIMA")
    assert reaches_session(Scope(instrument_id="X.SIMA"), "sima-orders", "SIMA")
    assert not reaches_session(Scope(instrument_id="X.SIMB"), "sima-orders", "SIMA")
    assert not reaches_session(Scope(venue_mic="SIMB"), "sima-orders", "SIMA")
    assert not reaches_session(Scope(session_id="simb-orders"), "sima-orders", "SIMA")


NOT_SENT = Rejection("NOT_SENT", "never left")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"state": OrderState.CANCELED}, PullOutcome.PULLED),
        ({"state": OrderState.REJECTED, "rejection": NOT_SENT}, PullOutcome.PULLED),
        ({"state": OrderState.FILLED}, PullOutcome.FILLED_MEANWHILE),
        ({"state": OrderState.EXPIRED}, PullOutcome.CLOSED_MEANWHILE),
        (
            {"state": OrderState.REJECTED, "rejection": Rejection("VENUE_REJECTED", "no")},
            PullOutcome.CLOSED_MEANWHILE,
        ),
    ],
)
def test_what_became_of_a_closed_order(changes, outcome):
    found = find(order(**changes), 1, session_up=True, overdue=False)
    assert (found.outcome, found.ask) == (outcome, False)


@pytest.mark.parametrize(
    ("changes", "attempts", "up", "overdue", "outcome", "reason", "ask"),
    [
        ({}, 0, True, False, PullOutcome.PENDING, "", True),
        ({"pending_cancel_id": "c"}, 1, True, False, PullOutcome.PENDING, "", False),
        (
            {"pending_cancel_id": "c"},
            1, False, False, PullOutcome.CANNOT, "VENUE_UNAVAILABLE", False,
        ),
        ({"pending_cancel_id": "c"}, 1, True, True, PullOutcome.CANNOT, "OUTCOME_UNKNOWN", False),
        (
            {"pending_cancel_id": "c", "state": OrderState.UNKNOWN},
            1, True, False, PullOutcome.CANNOT, "OUTCOME_UNKNOWN", False,
        ),
        (
            {"rejection": Rejection("VENUE_REJECTED", "too late to cancel")},
            1, True, False, PullOutcome.CANNOT, "VENUE_REJECTED", True,
        ),
        ({}, 1, True, False, PullOutcome.CANNOT, "VENUE_REJECTED", True),
    ],
)  # fmt: skip
def test_what_became_of_an_open_order(changes, attempts, up, overdue, outcome, reason, ask):
    found = find(order(**changes), attempts, session_up=up, overdue=overdue)
    assert found.outcome is outcome
    assert (found.why.reason if found.why else "") == reason
    assert found.ask is ask


_SOME = st.sampled_from(["", "A", "B"])


@given(
    st.builds(Scope, *[_SOME] * 8),
    st.lists(st.tuples(_SOME, _SOME, st.sampled_from(["A", "B"])), max_size=3),
    st.sampled_from(["A", "B"]),
    st.tuples(*[_SOME] * 4),
)
def test_whoever_can_be_blocked_is_informed(scope, owners, trader, rest):
    """A switch that covers an order of theirs is one that blocks some."""
    for firm_id, desk_id, account_id in owners:
        algorithm_id, session_id, venue_mic, instrument_id = rest
        subject = Subject(
            firm_id, desk_id, account_id, (trader,), algorithm_id, session_id, venue_mic,
            instrument_id,
        )  # fmt: skip
        if covers(scope, subject):
            assert blocks_some(scope, owners, trader)
    if not owners or scope.trader not in {"", trader}:
        assert not blocks_some(scope, owners, trader)
