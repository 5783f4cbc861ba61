"""An ExecID(17) is unique for one order at most, and CumQty(14) shows what is a repetition."""

from decimal import Decimal

import pytest

from svc_oms.domain.reports.execution_ids import Applied, Seen, named, seen
from tests.support.lifecycle import TrackedOrder, report

FIRST = {"last_quantity": 40, "last_price": "50", "cum_quantity": 40}


@pytest.fixture
def working():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0")
    yield tracked
    assert tracked.findings() == []


def fill(quantity, cum, price="50", exec_id="E1"):
    status = "2" if cum == 100 else "1"
    return report(
        "F", status, exec_id=exec_id, last_quantity=quantity, last_price=price, cum_quantity=cum
    )


def applied(quantity, cum, exec_type="F", price="50"):
    cum = None if cum is None else Decimal(cum)
    return Applied(exec_type, Decimal(quantity), Decimal(price), cum)


@pytest.mark.parametrize("way", ["hear", "copy"])
@pytest.mark.parametrize("quantity", [40, 60])
def test_two_parts_of_one_order_under_one_id(working, way, quantity):
    working.hear(fill(40, 40))
    getattr(working, way)(fill(quantity, 40 + quantity))
    assert working.order.cum_quantity == 40 + quantity
    assert [part.quantity for part in working.parts["E1"]] == [40, quantity]
    assert working.order.anomaly_count == 0


@pytest.mark.parametrize("way", ["hear", "copy"])
def test_both_parts_come_again_as_possible_resends_or_on_the_drop_copy(working, way):
    working.hear(fill(40, 40))
    working.hear(fill(40, 80))
    before = working.order
    for facts in (fill(40, 40), fill(40, 80), fill(40, 40)):
        assert getattr(working, way)(facts) == []
    assert working.order is before


def test_the_drop_copy_brings_the_second_part_first(working):
    working.hear(fill(40, 40))
    working.copy(fill(40, 40))
    working.copy(fill(40, 80))
    assert working.hear(fill(40, 80)) == []
    assert working.status == ("PARTIALLY_FILLED", 80, 20)


def test_a_repetition_after_a_bust_stays_out(working):
    """CumQty(14) would fit again, but the part with it is known."""
    working.hear(fill(40, 40))
    working.report("H", "0", exec_id="E2", exec_ref_id="E1", cum_quantity=0)
    assert working.hear(fill(40, 40)) == []
    assert working.status == ("NEW", 0, 100)


CASES = [
    # known under the id, executed before, LastQty(32), LastPx(31), CumQty(14), what it is
    ([], 0, 40, "50", 40, Seen.NEW),
    ([], 0, 40, "50", None, Seen.NEW),
    ([(40, 40)], 40, 40, "50", 40, Seen.REPEATED),
    ([(40, 40)], 60, 40, "50", 40, Seen.REPEATED),
    ([(40, 40)], 40, 40, "50", 80, Seen.NEW),
    ([(40, 40)], 60, 40, "50", 100, Seen.NEW),
    ([(40, 40)], 40, 10, "49", 50, Seen.NEW),
    ([(40, 40), (40, 80)], 80, 20, "50", 100, Seen.NEW),
    ([(40, 40), (40, 80)], 80, 40, "50", 80, Seen.REPEATED),
    # The same CumQty(14) with other numbers contradicts.
    ([(40, 40)], 40, 41, "50", 40, Seen.CONTRADICTS),
    ([(40, 40)], 40, 40, "51", 40, Seen.CONTRADICTS),
    # A CumQty(14) that proves nothing is not believed either way.
    ([(40, 40)], 40, 40, "50", 90, Seen.CONTRADICTS),
    ([(40, 40)], 40, 10, "50", 40, Seen.CONTRADICTS),
    # Without a CumQty(14) only the numbers are left.
    ([(40, 40)], 40, 40, "50", None, Seen.REPEATED),
    ([(40, 40)], 40, 41, "50", None, Seen.CONTRADICTS),
    ([(40, None)], 40, 40, "50", 40, Seen.REPEATED),
    ([(40, None)], 80, 40, "50", 80, Seen.REPEATED),
    # More is executed than is known: it may be a second part.
    ([(40, None)], 40, 40, "50", 80, Seen.CONTRADICTS),
    ([(40, None)], 40, 10, "50", 50, Seen.CONTRADICTS),
    # What a repetition leaves out is no difference.
    ([(40, 40)], 40, None, None, 40, Seen.REPEATED),
    ([(40, 40)], 40, None, None, None, Seen.REPEATED),
]


@pytest.mark.parametrize(("known", "executed", "quantity", "price", "cum", "what"), CASES)
def test_what_a_fill_is_beside_those_under_its_id(
    working, known, executed, quantity, price, cum, what
):
    order = working.order._replace(cum_quantity=Decimal(executed))
    parts = [applied(*one) for one in known]
    facts = fill(quantity, cum, price)._replace(
        last_price=None if price is None else Decimal(price)
    )
    assert seen(order, facts, parts) is what


def test_a_contradiction_is_parked(working):
    working.hear(fill(40, 40))
    working.hear(fill(41, 40))
    assert working.status == ("PARTIALLY_FILLED", 40, 60)
    assert working.order.anomaly_count == 1


@pytest.mark.parametrize(
    ("exec_type", "reference", "known", "what"),
    [
        ("H", "E0", applied(40, None, "H"), Seen.REPEATED),
        ("H", "E0", applied(40, 40), Seen.CONTRADICTS),
        ("H", "E1", applied(40, 40), Seen.NEW),  # it repeats the id of what it takes back
        ("G", "E0", applied(40, 40, "G"), Seen.REPEATED),
        ("G", "E0", applied(41, 41, "G"), Seen.CONTRADICTS),
        ("G", "E1", applied(30, 30), Seen.NEW),
        ("F", "", applied(40, None, "H"), Seen.CONTRADICTS),
    ],
)
def test_busts_and_corrections_under_a_known_id(working, exec_type, reference, known, what):
    facts = report(
        exec_type, "1", exec_id="E1", exec_ref_id=reference, last_quantity=40, last_price="50",
        cum_quantity=50,
    )  # fmt: skip
    assert seen(working.order, facts, [known]) is what


@pytest.mark.parametrize(
    ("exec_type", "quantity", "cum", "left"),
    [
        ("H", None, 60, (60,)),  # CumQty(14) shows which
        ("H", 40, None, (60,)),  # LastQty(32) shows which
        ("H", None, None, (40, 60)),  # neither does: parked
        ("G", 30, 90, (60, 30)),
        ("G", 30, None, (40, 60)),
    ],
)
def test_which_part_a_bust_or_correction_names(working, exec_type, quantity, cum, left):
    working.hear(fill(40, 40))
    working.hear(fill(60, 100))
    working.report(
        exec_type, "1", exec_id="E2", exec_ref_id="E1", cum_quantity=cum, last_quantity=quantity,
        last_price=None if quantity is None else "50",
    )  # fmt: skip
    parts = [part for known in working.parts.values() for part in known]
    assert tuple(part.quantity for part in parts if not part.busted) == left


def test_equal_parts_are_interchangeable(working):
    working.hear(fill(40, 40))
    working.hear(fill(40, 80))
    facts = report("H", "1", exec_id="E2", exec_ref_id="E1")
    assert named(working.order, facts, working.parts) == {"E1": working.parts["E1"][0]}


def test_one_left_is_the_one(working):
    working.hear(fill(40, 40))
    working.hear(fill(60, 100))
    working.report("H", "1", exec_id="E2", exec_ref_id="E1", cum_quantity=60)
    working.report("H", "0", exec_id="E3", exec_ref_id="E1", cum_quantity=0)
    assert working.status == ("NEW", 0, 100)


# --- What was corrected or taken back before ------------------------------------------------


@pytest.fixture
def corrected(working):
    """E1 of 40 was corrected to 30 as E2; E3 of 30 is another."""
    working.fill("E1", 40)
    working.report("G", "1", exec_id="E2", exec_ref_id="E1", last_quantity=30, last_price="50")
    working.fill("E3", 20)
    assert (working.order.cum_quantity, working.order.anomaly_count) == (50, 0)
    return working


def remaining(tracked):
    return {name: one.quantity for name, one in tracked.executions.items() if not one.busted}


def test_a_bust_that_names_an_execution_as_it_was_takes_back_its_correction(corrected):
    corrected.report("H", "1", exec_id="B1", exec_ref_id="E1", cum_quantity=20)
    assert remaining(corrected) == {"E3": 20}
    assert (corrected.order.cum_quantity, corrected.order.anomaly_count) == (20, 0)


def test_a_correction_that_names_an_execution_as_it_was_corrects_it_again(corrected):
    again = {"exec_id": "E4", "exec_ref_id": "E1", "last_quantity": 35, "last_price": "50"}
    corrected.report("G", "1", cum_quantity=55, **again)
    assert remaining(corrected) == {"E3": 20, "E4": 35}
    assert (corrected.order.cum_quantity, corrected.order.anomaly_count) == (55, 0)


@pytest.mark.parametrize(
    ("exec_type", "fields"),
    [
        ("H", {}),
        ("H", {"last_quantity": 30, "last_price": "50"}),
        ("H", {"cum_quantity": 40}),
        ("G", {"last_quantity": 35, "last_price": "50"}),
        ("G", {"last_quantity": 35, "last_price": "50", "cum_quantity": 35}),
    ],
)
def test_what_names_an_execution_as_it_was_and_proves_nothing_is_an_anomaly(
    corrected, exec_type, fields
):
    corrected.report(exec_type, "1", exec_id="B1", exec_ref_id="E1", **fields)
    assert remaining(corrected) == {"E2": 30, "E3": 20}
    assert corrected.order.anomaly_count >= 1


def test_a_bust_that_comes_again_under_another_id_is_a_repetition_if_nothing_is_less(working):
    working.fill("E1", 40)
    working.fill("E2", 40)
    working.report("H", "1", exec_id="B1", exec_ref_id="E1", cum_quantity=40)
    assert working.report("H", "1", exec_id="B2", exec_ref_id="E1", cum_quantity=40) == []
    assert remaining(working) == {"E2": 40}
    assert working.order.anomaly_count == 0


def test_a_correction_to_nothing_takes_the_execution_back(working):
    working.fill("E1", 40)
    nothing = {"exec_id": "E2", "exec_ref_id": "E1", "last_quantity": 0, "last_price": "50"}
    working.report("G", "0", cum_quantity=0, **nothing)
    assert working.status == ("NEW", 0, 100)
    assert working.order.anomaly_count == 0
