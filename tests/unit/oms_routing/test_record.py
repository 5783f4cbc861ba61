"""The record of a decision: the same decision comes of it, and what is no record is refused."""

import json

import pytest

from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.paced.schedule import Pace, Schedule
from svc_oms.domain.routing.record import RECORD_VERSION, from_record, to_record
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.view import OwnOrder
from tests.support.routing import NOW_NS, D, child, fees, inputs, parent, rate, request, venue

EVERYTHING = inputs(
    request(
        Strategy.SPLIT,
        limit="10.02",
        venues=("SIMB", "SIMA"),
        denied=frozenset({"SIMC", "SIMD"}),
        schedule=Schedule(Pace.TWAP, NOW_NS, NOW_NS + 100, 10, slice_quantity_max=D("0.5")),
    ),
    [
        venue("SIMA", "100@10.00 200@10.02", "100@9.98", min_quantity=D(2), max_quantity=D(9)),
        venue("SIMB", "50@10.000 300@10.01"),
    ],
    parent("600.50", child("C1", "SIMA", 10, pending_quantity=D(12)), pending_quantity=D(599)),
    charged=[fees("SIMA", rate(bps="0.60", minimum="0.10")), fees("SIMB", version="2026-07")],
    own=[OwnOrder("SIMB", False, D("10.01"), D(7))],
)


# Levels are sums of orders, and what is displayed is a sum of levels: none has a limit.
LARGE = inputs(
    request(limit="10.02"),
    [venue("SIMA", "1400000000000000000@10.00 700000000000000000@10.01"), venue("SIMB")],
    parent(5),
    charged=[fees("SIMA"), fees("SIMB")],
)


@pytest.mark.parametrize(
    "given", [EVERYTHING, LARGE, inputs(request(limit=None), [venue("SIMA")], parent(5))]
)
def test_a_record_gives_back_what_went_in_and_the_same_decision(given):
    decision = decide(given)
    record = to_record(given, decision)
    read, decided = from_record(record)
    assert (read, decided) == (given, decision)
    again = decide(read)
    assert again == decision
    assert to_record(read, again) == record


def test_a_record_is_json_with_decimals_as_text():
    version, (asked, *_), _ = json.loads(to_record(EVERYTHING, decide(EVERYTHING)))
    assert (version, asked[2]) == (RECORD_VERSION, "10.02")


def test_a_field_that_was_added_later_has_its_default():
    values = json.loads(to_record(EVERYTHING, decide(EVERYTHING)))
    assert values[1][0].pop()  # the schedule, the last field of the request
    read, _ = from_record(json.dumps(values).encode())
    assert read.request == EVERYTHING.request._replace(schedule=None)


def edited(place, value):
    values = json.loads(to_record(EVERYTHING, decide(EVERYTHING)))
    *path, last = place
    part = values
    for step in path:
        part = part[step]
    part[last] = value
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b"{}", "is no routing record"),
        (b"[1]", "is no routing record"),
        (b"[", "Expecting value"),
        (edited([0], 1), "has version 1: it should be 2"),
        (edited([1, 0, 2], 10.02), r"inputs.request.limit_price 10.02: it should be str"),
        (edited([1, 0, 2], "1e3"), "no exponent"),
        (edited([1, 0, 0], "BEST"), "inputs.request.strategy 'BEST': it should be int"),
        (edited([1, 0, 0], 9), "9 is not a valid Strategy"),
        (edited([1, 1, 2, 0, 0], 5), r"inputs.view.venues\[0\].mic 5: it should be str"),
    ],
)
def test_what_is_no_record(record, said):
    with pytest.raises(ValueError, match=said):
        from_record(record)


def test_what_cannot_be_recorded_is_a_fault_of_ours():
    with pytest.raises(TypeError, match="a record cannot hold"):
        to_record(EVERYTHING._replace(now_ns=object()), decide(EVERYTHING))
