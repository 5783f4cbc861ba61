"""The places in a routing record that the page and the terminal read stay where they are."""

import re
from enum import IntEnum

import pytest

from svc_oms.domain.routing.decision import (
    Action,
    ActionKind,
    Candidate,
    Cause,
    Decision,
    EndReason,
    Inputs,
    Verdict,
)
from svc_oms.domain.routing.fees import FeeRate, FeeSchedule
from svc_oms.domain.routing.request import RoutingRequest
from svc_oms.domain.routing.view import ConsolidatedView, Level, VenueView
from tests.support.sources import ROOT

PAGE = (ROOT / "web/src/panels/routing/record.ts").read_text("utf-8")
PLACES: list[tuple[type, tuple[str, ...]]] = [
    (Inputs, ("request", "view", "fees", "parent", "limits", "cause")),
    (RoutingRequest, ("strategy", "side", "limit_price")),
    (ConsolidatedView, ("isin", "currency", "venues")),
    (VenueView, ("mic", "instrument_id", "state", "bids", "offers")),
    (Level, ("price", "quantity")),
    (FeeSchedule, ("mic", "currency", "taker", "maker")),
    (FeeRate, ("per_share", "basis_points", "fixed", "minimum", "maximum")),
    (Decision, ("actions", "candidates", "wake_ups", "reason")),
    (
        Action,
        ("kind", "mic", "child_id", "role", "quantity", "price", "time_in_force", "end", "why"),
    ),
    (
        Candidate,
        ("mic", "verdict", "displayed_quantity", "quantity", "price", "net_price", "age_ns",
         "rank"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields"), PLACES)
def test_fields_keep_their_places(kind, fields):
    assert kind._fields[: len(fields)] == fields


@pytest.mark.parametrize(
    ("name", "kind"),
    [("CAUSES", Cause), ("VERDICTS", Verdict), ("KINDS", ActionKind), ("ENDS", EndReason)],
)
def test_the_page_has_a_word_for_every_number(name: str, kind: type[IntEnum]):
    found = re.search(rf"const {name} = \[(.*?)\];", PAGE, re.DOTALL)
    assert found is not None
    words = re.findall(r'"([^"]*)"', found[1])
    assert len(words) == max(kind) + 1
    assert all(words[one] for one in kind)
