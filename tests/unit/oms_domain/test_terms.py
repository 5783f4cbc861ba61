"""Every type with every time in force and every term; and who works what where."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_oms.domain.commands import PlaceOrder, ReplaceOrder
from svc_oms.domain.events import OrderAccepted, OrderAcknowledged, OrderReplaced, Stamp
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import OrderTerms, OrderType, Peg, TimeInForce
from svc_oms.domain.numbers import price, quantity
from svc_oms.domain.order import decide_place, decide_replace, evolve
from svc_oms.domain.order_terms.checks import Limits, OrderRefused, check_terms
from svc_oms.domain.order_terms.terms import (
    BASIC,
    EXPIRE_AHEAD_MAX_DAYS,
    ONCE_TRIGGERED,
    TERMS,
    TIMES,
    Capabilities,
    Worker,
    check_kind,
    how_worked,
    require_native,
)
from svc_oms.domain.order_terms.times import utc
from tests.support.lifecycle import INSTRUMENT, ORDER_ID
from tests.support.sources import ROOT

T, F = OrderType, TimeInForce
NOW_NS = 1_800_000_000_000_000_000
DAY_NS = 86_400_000_000_000
ALL = Capabilities(frozenset(T), frozenset(F))
GIVEN = {
    "limit_price": price("50"),
    "stop_price": price("49"),
    "display_quantity": quantity("10"),
    "trailing_offset": price("0.5"),
    "peg": Peg(1, price("-0.01")),
}
# Straight from FIX 4.4 and the venues' rule books: what a type needs, and what it may have.
NEEDS = {
    T.MARKET: set(),
    T.LIMIT: {"limit_price"},
    T.STOP: {"stop_price"},
    T.STOP_LIMIT: {"limit_price", "stop_price"},
    T.MARKET_TO_LIMIT: set(),
    T.ICEBERG: {"limit_price", "display_quantity"},
    T.PEGGED: {"peg"},
    T.TRAILING_STOP: {"trailing_offset"},
}
MAY = {T.PEGGED: {"limit_price"}, T.TRAILING_STOP: {"stop_price"}}
NO_SENSE = {
    *product((T.MARKET_TO_LIMIT, T.ICEBERG, T.PEGGED), (F.IOC, F.FOK)),
    *product(set(T) - {T.MARKET, T.LIMIT}, (F.AT_OPEN, F.AT_CLOSE)),
}


def terms_of(type_, in_force=F.DAY, **others):
    given = {name: GIVEN[name] for name in NEEDS[type_]} | others
    expires = NOW_NS + DAY_NS if in_force is F.GTD else None
    given = {"expire_time_ns": expires} | given
    return OrderTerms(quantity("100"), time_in_force=in_force, **given)


def refusal(call, *args, **kwargs):
    with pytest.raises(OrderRefused) as refused:
        call(*args, **kwargs)
    return refused.value


def test_the_tables_speak_of_every_type():
    assert set(TERMS) == set(TIMES) == set(T)
    assert set(ONCE_TRIGGERED) < set(T)


def test_the_page_says_what_the_tables_say():
    rows = {}
    for line in (ROOT / "docs" / "ORDER_TYPES.md").read_text("utf-8").splitlines():
        name, *cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if name in T.__members__ and len(cells) == 3:
            rows[T[name]] = tuple(set(cell.split()) for cell in cells)
    assert rows == {
        kind: (set(TERMS[kind].needs), set(TERMS[kind].may), {tif.name for tif in TIMES[kind]})
        for kind in T
    }


@pytest.mark.parametrize(("type_", "in_force"), list(product(T, F)))
def test_a_type_with_a_time_in_force(type_, in_force):
    if (type_, in_force) not in NO_SENSE:
        check_kind(type_, terms_of(type_, in_force), NOW_NS)
        return
    error = refusal(check_kind, type_, terms_of(type_, in_force), NOW_NS)
    assert (error.reason, error.field) == ("INVALID_FIELD", "terms.time_in_force")
    assert f"terms.time_in_force {in_force.name}: it should be one of DAY" in error.text
    assert f"because the type is {type_.name}" in error.text


@pytest.mark.parametrize(("type_", "name"), list(product(T, GIVEN)))
def test_a_type_with_and_without_a_term(type_, name):
    with_it = terms_of(type_, **{name: GIVEN[name]})
    without = terms_of(type_)._replace(**{name: None})
    needs, may = NEEDS[type_], MAY.get(type_, set())
    if name in needs | may:
        check_kind(type_, with_it, NOW_NS)
    else:
        error = refusal(check_kind, type_, with_it, NOW_NS)
        assert (error.reason, error.field) == ("INVALID_FIELD", f"terms.{name}")
        assert error.metadata["expected"] == f"empty, because the type is {type_.name}"
        assert error.metadata["value"]
        assert error.metadata["value"] in error.text
    if name not in needs:
        check_kind(type_, without, NOW_NS)
    else:
        error = refusal(check_kind, type_, without, NOW_NS)
        assert (error.reason, error.field) == ("INVALID_FIELD", f"terms.{name}")
        assert error.text.startswith(f"terms.{name} is missing: it should be a")
        assert error.text.endswith(f"because the type is {type_.name}")


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (T.LIMIT, "limit_price"),
        (T.STOP, "stop_price"),
        (T.ICEBERG, "display_quantity"),
        (T.TRAILING_STOP, "trailing_offset"),
    ],
)
@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_term_that_is_not_above_0(type_, name, value):
    error = refusal(check_kind, type_, terms_of(type_, **{name: price(value)}), NOW_NS)
    assert error.field == f"terms.{name}"
    assert error.metadata["expected"] == "above 0"


@pytest.mark.parametrize("in_force", [F.DAY, F.GTC, F.IOC, F.FOK, F.AT_OPEN, F.AT_CLOSE])
def test_only_gtd_has_an_expire_time(in_force):
    error = refusal(check_kind, T.LIMIT, terms_of(T.LIMIT, in_force, expire_time_ns=5), NOW_NS)
    assert error.field == "terms.expire_time"
    assert error.text == (
        "terms.expire_time 1970-01-01T00:00:00Z: it should be empty, "
        f"because the time in force is {in_force.name}"
    )


@pytest.mark.parametrize(
    ("expires_ns", "expected"),
    [
        (None, "a time, because the time in force is GTD"),
        (NOW_NS, "after 2027-01-15T08:00:00Z, which is now"),
        (NOW_NS - 1, "after 2027-01-15T08:00:00Z, which is now"),
        (NOW_NS + EXPIRE_AHEAD_MAX_DAYS * DAY_NS + 1, "at most 366 days ahead"),
        (10**21, "at most 366 days ahead"),
    ],
)
def test_gtd_expires_in_the_future_and_within_a_year(expires_ns, expected):
    error = refusal(
        check_kind, T.LIMIT, terms_of(T.LIMIT, F.GTD, expire_time_ns=expires_ns), NOW_NS
    )
    assert (error.field, error.metadata["expected"]) == ("terms.expire_time", expected)


@pytest.mark.parametrize("ahead_ns", [1, EXPIRE_AHEAD_MAX_DAYS * DAY_NS])
def test_gtd_at_its_limits(ahead_ns):
    check_kind(T.LIMIT, terms_of(T.LIMIT, F.GTD, expire_time_ns=NOW_NS + ahead_ns), NOW_NS)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_in_words_is_that_of_the_calendar(at):
    since = at.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)
    time_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000
    assert utc(time_ns) == at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


# --- ticks and lots ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "name", "value", "field"),
    [
        (T.STOP, "stop_price", price("49.005"), "terms.stop_price"),
        (T.TRAILING_STOP, "trailing_offset", price("0.005"), "terms.trailing_offset"),
        (T.PEGGED, "peg", Peg(1, price("-0.005")), "terms.peg.offset"),
        (T.PEGGED, "limit_price", price("50.005"), "terms.limit_price"),
    ],
)
def test_prices_and_distances_lie_on_ticks(type_, name, value, field):
    order_terms = terms_of(type_, **{name: value})
    error = refusal(check_terms, type_, order_terms, INSTRUMENT, Limits(), NOW_NS)
    assert (error.reason, error.field) == ("PRICE_OFF_TICK", field)
    assert all(value in error.text for value in error.metadata.values())


@pytest.mark.parametrize(
    ("shown", "reason", "words"),
    [
        ("15", "QUANTITY_OFF_LOT", "nearest is 10 or 20"),
        ("110", "INVALID_FIELD", "at most terms.quantity, which is 100"),
    ],
)
def test_what_an_iceberg_shows(shown, reason, words):
    tens = INSTRUMENT._replace(lot_size=quantity("10"))
    order_terms = terms_of(T.ICEBERG, display_quantity=quantity(shown))
    error = refusal(check_terms, T.ICEBERG, order_terms, tens, Limits(), NOW_NS)
    assert (error.reason, error.field) == (reason, "terms.display_quantity")
    assert words in error.text
    whole = terms_of(T.ICEBERG, display_quantity=quantity("100"))
    check_terms(T.ICEBERG, whole, tens, Limits(), NOW_NS)


@pytest.mark.parametrize(
    ("stop", "reference", "worth"),
    [("51", None, "51"), ("51", "50", "51"), ("49", "50", "50")],
)
def test_an_order_without_a_limit_is_worth_what_it_may_cost(stop, reference, worth):
    limits = Limits(max_value=price("1"))
    order_terms = terms_of(T.STOP, stop_price=price(stop))
    reference_price = None if reference is None else price(reference)
    error = refusal(check_terms, T.STOP, order_terms, INSTRUMENT, limits, NOW_NS, reference_price)
    assert (error.reason, error.metadata["price"]) == ("MAX_VALUE_EXCEEDED", worth)


# --- who works it ------------------------------------------------------------------------


@pytest.mark.parametrize(("type_", "in_force"), [p for p in product(T, F) if p not in NO_SENSE])
def test_a_venue_that_offers_all_works_all(type_, in_force):
    assert how_worked(type_, in_force, ALL) == (Worker.NATIVE, type_, in_force)
    require_native(type_, in_force, ALL)


@pytest.mark.parametrize(
    ("type_", "in_force", "sent"),
    [
        (T.STOP, F.DAY, (T.MARKET, F.DAY)),
        (T.STOP, F.GTC, (T.MARKET, F.GTC)),
        (T.STOP, F.IOC, (T.MARKET, F.IOC)),
        (T.STOP, F.FOK, (T.MARKET, F.FOK)),
        # The venue has no GTD; a market order does not rest.
        (T.STOP, F.GTD, (T.MARKET, F.DAY)),
        (T.TRAILING_STOP, F.GTD, (T.MARKET, F.DAY)),
        (T.STOP_LIMIT, F.GTC, (T.LIMIT, F.GTC)),
    ],
)
def test_what_the_oms_works_itself(type_, in_force, sent):
    assert how_worked(type_, in_force, BASIC) == (Worker.EMULATED, *sent)
    error = refusal(require_native, type_, in_force, BASIC)
    assert error.reason == "UNSUPPORTED_ORDER_CHARACTERISTIC"
    assert error.text == f"type {type_.name} is not offered: it should be one of MARKET, LIMIT"


@pytest.mark.parametrize(
    ("type_", "in_force", "capabilities", "field", "offered"),
    [
        (T.PEGGED, F.DAY, BASIC, "type", "MARKET, LIMIT"),
        (T.ICEBERG, F.DAY, BASIC, "type", "MARKET, LIMIT"),
        (T.LIMIT, F.GTD, BASIC, "terms.time_in_force", "DAY, GTC, IOC, FOK"),
        # A limit order that rested longer than was asked for would be another order.
        (T.STOP_LIMIT, F.GTD, BASIC, "terms.time_in_force", "DAY, GTC, IOC, FOK"),
        (T.STOP, F.DAY, BASIC._replace(order_types=frozenset({T.LIMIT})), "type", "LIMIT"),
        (
            T.STOP,
            F.GTC,
            BASIC._replace(times_in_force=frozenset({F.FOK})),
            "terms.time_in_force",
            "FOK",
        ),
        (
            T.STOP,
            F.IOC,
            BASIC._replace(times_in_force=frozenset({F.DAY})),
            "terms.time_in_force",
            "DAY",
        ),
        (T.LIMIT, F.DAY, Capabilities(frozenset(), frozenset()), "type", "none"),
    ],
)
def test_what_nobody_works_is_refused_with_what_is_offered(
    type_, in_force, capabilities, field, offered
):
    error = refusal(how_worked, type_, in_force, capabilities)
    value = type_.name if field == "type" else in_force.name
    assert (error.reason, error.field) == ("UNSUPPORTED_ORDER_CHARACTERISTIC", field)
    assert error.text == f"{field} {value} is not offered: it should be one of {offered}"
    assert error.metadata == {"field": field, "value": value, "expected": offered}


def test_a_stop_at_a_venue_with_stops_but_not_this_time_in_force_waits_here():
    stops = BASIC._replace(order_types=BASIC.order_types | {T.STOP})
    assert how_worked(T.STOP, F.GTD, stops) == (Worker.EMULATED, T.MARKET, F.DAY)
    error = refusal(require_native, T.STOP, F.GTD, stops)
    assert error.field == "terms.time_in_force"
    daily = BASIC._replace(times_in_force=frozenset({F.IOC}))
    assert how_worked(T.STOP, F.DAY, daily) == (Worker.EMULATED, T.MARKET, F.IOC)


# --- in a command ------------------------------------------------------------------------


def place(type_, order_terms, capabilities):
    command = PlaceOrder("k", "A", "ASML.SIMA", Side.BUY, type_, order_terms, "alice")
    return decide_place(
        command, INSTRUMENT, Limits(), ORDER_ID, NOW_NS, capabilities=capabilities
    ).order


def standing(type_, order_terms, state=OrderState.PENDING_NEW):
    order = place(type_, order_terms, ALL)._replace(state=state, base_state=state)
    order = evolve(None, OrderAccepted(order), Stamp(NOW_NS), 1)
    if state is OrderState.PENDING_NEW:
        order = evolve(order, OrderAcknowledged("V1"), Stamp(NOW_NS), 2)
    return order


def replace(order, order_terms, capabilities=ALL):
    command = ReplaceOrder("k", ORDER_ID, order_terms, "alice")
    return decide_replace(order, command, INSTRUMENT, Limits(), NOW_NS, capabilities=capabilities)


@pytest.mark.parametrize("type_", list(T))
def test_a_replace_obeys_the_same_table(type_):
    order = standing(type_, terms_of(type_))
    more = terms_of(type_)._replace(quantity=quantity("200"))
    assert replace(order, more).terms == more
    assert place(type_, more, ALL).terms == more
    for name in set(GIVEN) - NEEDS[type_] - MAY.get(type_, set()):
        error = refusal(replace, order, terms_of(type_, **{name: GIVEN[name]}))
        assert error.field == f"terms.{name}"
    for name in NEEDS[type_]:
        assert refusal(replace, order, more._replace(**{name: None})).field == f"terms.{name}"
    if type_ not in BASIC.order_types:
        error = refusal(replace, order, more, BASIC)
        assert error.reason == "UNSUPPORTED_ORDER_CHARACTERISTIC"


def test_a_market_to_limit_order_that_has_found_its_limit_is_replaced_with_one():
    order = standing(T.MARKET_TO_LIMIT, terms_of(T.MARKET_TO_LIMIT))
    limited = terms_of(T.MARKET_TO_LIMIT, limit_price=price("50"))
    assert refusal(replace, order, limited).field == "terms.limit_price"
    order = order._replace(terms=limited)
    assert replace(order, limited._replace(quantity=quantity("90"))).terms.limit_price == 50
    error = refusal(replace, order, terms_of(T.MARKET_TO_LIMIT))
    assert error.text.startswith("terms.limit_price is missing: it should be a price")


def test_what_waits_here_may_take_what_the_venue_never_sees():
    order = standing(T.STOP, terms_of(T.STOP), OrderState.AWAITING_TRIGGER)
    good_till = terms_of(T.STOP, F.GTD)
    assert replace(order, good_till, BASIC) == OrderReplaced(good_till)
    nowhere = Capabilities(frozenset({T.LIMIT}), frozenset(F))
    assert refusal(replace, order, good_till, nowhere).field == "type"
