"""The venue's use cases through the text of its answers, without QuickFIX."""

import pytest

from fix.wire import read_all
from sim_exchange.adapters.fix.terms import BadTermsError, MissingFieldError, read_terms
from sim_exchange.adapters.fix.wire import answer_body
from sim_exchange.domain.order import Order, Side
from sim_exchange.service.orders import CancelReject, Refusal, UnknownOrder
from tests.support.venue_driver import SAP, Driver, short


def test_order_is_acknowledged_then_filled_in_parts(driver) -> None:
    driver.rest(quantity=60)
    new, fill = driver.place("1")
    assert short(new) == ("1", "0", "0", "100", "0")
    assert short(fill) == ("1", "F", "1", "40", "60")
    assert (fill["32"], fill["31"], fill["6"], fill["851"]) == ("60", "240", "240", "2")
    driver.venue.markets["SAP"].book.submit(Order(-1, Side.SELL, 2_390_000, 40), 9)
    (last,) = driver.answers()
    assert short(last) == ("1", "F", "2", "0", "100")
    assert (last["31"], last["851"]) == ("240", "1")
    assert len({answer["17"] for answer in (new, fill, last)}) == 3
    assert driver.venue.open_orders() == []


@pytest.mark.parametrize(
    ("changes", "reason", "text"),
    [
        ({"55": "NONE"}, "1", "not listed"),
        ({"38": "2000000"}, "3", "maximum 1000000"),
        ({"44": "240.01"}, "99", "multiple of the tick 0.05"),
    ],
)
def test_orders_that_cannot_be_taken_are_rejected_and_remembered(
    driver, changes, reason, text
) -> None:
    (answer,) = driver.place("1", **changes)
    assert short(answer)[:3] == ("1", "8", "8")
    assert answer["103"] == reason
    assert text in answer["58"]
    assert driver.status("1")["103"] == reason
    assert driver.status("1")["39"] == "8"


def test_closed_session_rejects_and_expires_day_orders(driver) -> None:
    states = []
    driver.venue.on_state.append(lambda market, now_ns: states.append((market, now_ns)))
    driver.place("day")
    driver.place("gtc", **{"59": "1"})
    driver.venue.close_session(7)
    (expired,) = driver.answers()
    assert short(expired)[:3] == ("day", "C", "C")
    (rejected,) = driver.place("late")
    assert rejected["103"] == "2"
    driver.venue.open_session(8)
    assert states == [(None, 7), (None, 8)]
    assert [order.cl_ord_id for order in driver.venue.open_orders("C")] == ["gtc"]


def test_halt_rejects_new_orders_and_replaces_but_not_cancels(driver) -> None:
    driver.place("1")
    driver.venue.halt("SAP", 2)
    assert driver.place("2")[0]["103"] == "2"
    assert driver.replace("3", "1", **{"38": "50"})[0]["102"] == "2"
    assert driver.cancel("4", "1")[0]["150"] == "4"
    driver.venue.resume("SAP", 3)
    assert driver.place("5")[0]["150"] == "0"


def test_used_clordid_is_refused_unless_marked_as_repeated(driver) -> None:
    driver.place("1")
    (refused,) = driver.place("1")
    assert (refused["150"], refused["103"], refused["37"]) == ("8", "6", "NONE")
    (status,) = driver.place("1", repeated=True)
    assert short(status)[:3] == ("1", "I", "0")
    assert len(driver.venue.open_orders()) == 1


def test_replace_then_cancel_by_the_new_name(driver) -> None:
    driver.place("1")
    (replaced,) = driver.replace("2", "1", **{"38": "50", "44": "239.95"})
    assert short(replaced) == ("2", "5", "0", "50", "0")
    assert (replaced["41"], replaced["38"], replaced["44"]) == ("1", "50", "239.95")
    (cancelled,) = driver.cancel("3", "2")
    assert short(cancelled) == ("3", "4", "4", "0", "0")
    assert cancelled["41"] == "2"
    for name in ("1", "2", "3"):
        assert driver.status(name)["39"] == "4"
    assert driver.status(order_id=cancelled["37"])["790"] == "Q"


def test_replace_down_to_the_executed_part_fills_the_order(driver) -> None:
    driver.rest(quantity=60)
    driver.place("1")
    assert driver.replace("2", "1", **{"38": "50"})[0]["58"].startswith("quantity 50 is below")
    (replaced,) = driver.replace("3", "1", **{"38": "60"})
    assert short(replaced) == ("3", "5", "2", "0", "60")


def test_replace_to_a_crossing_price_reports_the_fill_after(driver) -> None:
    driver.place("1", **{"44": "239"})
    driver.rest(quantity=30)
    replaced, fill = driver.replace("2", "1", **{"44": "240"})
    assert (replaced["150"], fill["150"], fill["11"], fill["151"]) == ("5", "F", "2", "70")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"54": "2"}, "99"), ({"59": "3"}, "99"), ({"44": "240.01"}, "2"), ({"55": "SIE"}, "99")],
)
def test_replaces_that_cannot_be_are_rejected(driver, changes, reason) -> None:
    driver.place("1")
    (answer,) = driver.replace("2", "1", **changes)
    assert (answer["434"], answer["102"], answer["39"]) == ("2", reason, "0")
    assert driver.status("1")["39"] == "0"


def test_cancels_that_cannot_be_are_rejected(driver) -> None:
    assert driver.cancel("2", "1")[0]["102"] == "1"
    driver.place("1")
    driver.place("9")
    assert driver.cancel("9", "1")[0]["102"] == "6"
    driver.cancel("3", "1")
    (late,) = driver.cancel("4", "1")
    assert (late["102"], late["434"], late["39"]) == ("0", "1", "4")
    (again,) = driver.cancel("3", "1", repeated=True)
    assert (again["150"], again["39"]) == ("I", "4")


def test_unknown_order_is_reported_with_reason_5() -> None:
    answer = Driver().status("x")
    assert [answer[tag] for tag in ("37", "11", "150", "39", "103")] == ["NONE", "x", "I", "8", "5"]


def test_mass_status_reports_every_open_order_and_which_is_last(driver) -> None:
    driver.venue.mass_status("C", "M", 1)
    (none,) = driver.answers()
    assert [none[tag] for tag in ("584", "911", "912", "39")] == ["M", "0", "Y", "8"]
    assert [none.get(tag) for tag in ("37", "11", "55", "54")] == ["NONE", None, "[N/A]", "7"]
    driver.place("1")
    driver.place("2")
    driver.venue.mass_status("C", "M", 1)
    answers = driver.answers()
    assert [one["912"] for one in answers] == ["N", "Y"]
    assert {one["911"] for one in answers} == {"2"}


def test_mass_status_of_a_security_reports_only_its_orders(driver) -> None:
    driver.place("1")
    driver.place("2", **{"55": "SIE", "48": None})
    driver.venue.mass_status("C", "M", 1, "SIE")
    (only,) = driver.answers()
    assert [only[tag] for tag in ("11", "584", "911", "912")] == ["2", "M", "1", "Y"]
    driver.venue.mass_status("C", "M", 1, "ASML")
    assert [one["911"] for one in driver.answers()] == ["0"]


def test_mass_status_knows_orders_that_wait_as_well(driver) -> None:
    """A stop and an order held for the close are open, though not among the quotes."""
    driver.place("1", **{"40": "3", "44": None, "99": "245"})
    driver.place("2", **{"59": "7"})
    driver.place("3", **{"111": "10"})
    driver.venue.mass_status("C", "M", 1)
    assert {one["11"] for one in driver.answers()} == {"1", "2", "3"}


@pytest.mark.parametrize("code", ["5", "6"])
def test_a_short_sale_is_a_sell_that_is_reported_back_as_it_came(driver, code) -> None:
    driver.rest(side=Side.BUY, quantity=60)
    new, fill = driver.place("1", **{"54": code})
    assert [one["54"] for one in (new, fill)] == [code, code]
    assert (fill["32"], fill["31"], fill["851"]) == ("60", "240", "2")
    (other,) = driver.replace("2", "1", **{"54": "2"})
    assert "Side(54)" in other["58"]
    (replaced,) = driver.replace("3", "1", **{"54": code, "38": "90"})
    assert (replaced["54"], replaced["39"], replaced["151"]) == (code, "1", "30")
    assert driver.status("3")["54"] == code
    assert driver.cancel("4", "3")[0]["54"] == code


def test_a_side_nobody_knows_names_those_that_are_taken() -> None:
    with pytest.raises(BadTermsError, match=r"'8' is not 1 \(buy\), 2 \(sell\), 5 \(sell short\)"):
        Driver().place("1", **{"54": "8"})


def test_pending_reports_come_first_when_asked_for() -> None:
    driver = Driver(pending_reports=True)
    assert [one["150"] for one in driver.place("1")] == ["A", "0"]
    pending, replaced = driver.replace("2", "1", **{"38": "50"})
    assert (pending["150"], pending["39"], pending["151"]) == ("E", "E", "100")
    assert replaced["39"] == "0"
    assert [one["150"] for one in driver.cancel("3", "2")] == ["6", "4"]


def test_oldest_closed_orders_are_forgotten_at_the_limit() -> None:
    driver = Driver(closed_orders_max=2)
    for name in ("1", "2", "3"):
        driver.place(name, **{"59": "3"})
    assert driver.status("1")["103"] == "5"
    assert driver.status("2")["39"] == "4"


def test_restart_cancels_what_was_open_and_keeps_the_rest() -> None:
    before = Driver()
    before.place("1")
    before.place("2", **{"59": "3"})
    known = [before.venue._known["C"][name] for name in ("1", "2")]
    after = Driver(start_number=2, orders=known)
    assert after.venue.cancel_after_restart(9) == 1
    (cancelled,) = after.answers()
    assert short(cancelled)[:3] == ("1", "4", "4")
    assert (cancelled["58"], cancelled["17"]) == ("venue restarted", "SIMA-2-E1")
    assert after.status("2")["39"] == "4"
    assert after.place("2")[0]["103"] == "6"


def test_two_clients_have_their_own_names(driver) -> None:
    driver.place("1")
    driver.venue.status("D", "1", "", {}, 1)
    assert driver.answers()[0]["103"] == "5"


@pytest.mark.parametrize(
    ("changes", "reason", "text"),
    [
        ({"54": "7"}, 11, "Side"),
        ({"40": "7"}, 11, "OrdType"),
        ({"40": "P"}, 11, "ExecInst"),
        ({"40": "P", "18": "R M"}, 11, "ExecInst"),
        ({"59": "5"}, 11, "TimeInForce"),
        ({"59": "6", "126": "tomorrow"}, 99, "ExpireTime"),
        ({"99": "1"}, 11, "StopPx"),
        ({"40": "3", "99": "0"}, 99, "StopPx"),
        ({"40": "1", "111": "10"}, 11, "MaxFloor"),
        ({"111": "0"}, 13, "MaxFloor"),
        ({"40": "P", "18": "a", "211": "-0.5"}, 11, "must be positive"),
        ({"40": "P", "18": "a", "54": "2", "211": "0.5"}, 11, "must be negative"),
        ({"40": "P", "18": "a", "211": "0"}, 11, "must be positive"),
        ({"40": "P", "18": "R", "211": "x"}, 99, "PegOffsetValue"),
        ({"38": "1.5"}, 13, "OrderQty"),
        ({"44": "0"}, 99, "Price"),
    ],
)
def test_fields_out_of_range_are_named(changes, reason, text) -> None:
    with pytest.raises(BadTermsError, match=text) as caught:
        read_terms({**SAP, **changes})
    assert caught.value.reason == reason


@pytest.mark.parametrize("tag", ["55", "54", "38", "40", "44"])
def test_missing_fields_are_named(tag) -> None:
    fields = {key: value for key, value in SAP.items() if key != tag}
    with pytest.raises(MissingFieldError, match=rf"\({tag}\) is missing"):
        read_terms(fields)


@pytest.mark.parametrize(
    ("changes", "tag"), [({"40": "3"}, "99"), ({"59": "6"}, "126"), ({"40": "P", "18": "a"}, "211")]
)
def test_what_a_type_needs_is_missed_by_name(changes, tag) -> None:
    with pytest.raises(MissingFieldError, match=rf"\({tag}\) is missing"):
        read_terms({**SAP, **changes})


def test_answers_without_an_order_echo_what_they_can() -> None:
    refusal = Refusal("C", "E1", "x", {"54": "9", "55": "SAP"}, 11, "no", 0)
    assert "\x0154=9" in answer_body(refusal, "SIMA")
    reject = CancelReject("C", "2", "1", "NONE", "8", False, 1, "no order", 0)
    assert answer_body(reject, "SIMA").startswith("NONE\x0111=2")
    unknown = UnknownOrder("C", "E1", "x", "", "", 0)
    assert "\x0155=" not in answer_body(unknown, "SIMA")
    assert read_all("55=A\x0154=1\x0155=B\x01", "55") == ["A", "B"]
