"""What a rule selects, for whom, and when a message of it is due."""

from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from kernel.nanoseconds import NS_PER_S
from ordermesh.notify.v1 import rule_pb2
from svc_notify.domain.notification import (
    Audience,
    Draft,
    Kind,
    Notification,
    Severity,
    due,
    shortened,
    viewer,
)
from svc_notify.domain.outbox import (
    SHOWN_MAX,
    Destination,
    Message,
    by_kind,
    collect,
    permitted,
)
from svc_notify.domain.rules import HOUR_NS, Pace, QuietHours, Rule, in_app_rules, when_due
from svc_notify.service.rule_messages import rule_from_proto

FILL = Draft(
    Kind.FILL, Severity.INFO, Audience.ACCOUNT, 1, "a fill", account_id="ACC-ALICE",
    venue_mic="SIMA", amount="100.5",
)  # fmt: skip
RULE = Rule("R", "alice", firm=False)
ALICE = viewer("alice", frozenset({"TRADER"}), frozenset({"ACC-ALICE"}))
BERLIN = QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("changes", "selected"),
    [
        ({}, True),
        ({"disabled": True}, False),
        ({"kinds": frozenset({Kind.FILL})}, True),
        ({"kinds": frozenset({Kind.REJECT})}, False),
        ({"severity_min": Severity.WARNING}, False),
        ({"accounts": frozenset({"ACC-BOB"})}, False),
        ({"venue_mic": "SIMB"}, False),
        ({"amount_min": Decimal("100.5")}, True),
        ({"amount_min": Decimal("100.51")}, False),
    ],
)
def test_every_filter_that_is_set_must_pass(changes, selected):
    assert RULE._replace(**changes).selects(FILL) is selected


def test_a_notification_without_an_amount_passes_the_least_amount():
    assert RULE._replace(amount_min=Decimal(9)).selects(FILL._replace(amount=""))


@pytest.mark.parametrize(
    ("roles", "accounts", "seen"),
    [
        (("TRADER",), ("ACC-ALICE",), {Audience.ACCOUNT, Audience.EVERYONE}),
        (("TRADER",), (), {Audience.EVERYONE}),
        (("OPERATOR",), (), {Audience.EVERYONE, Audience.OVERSIGHT}),
        (("RISK",), (), {Audience.ACCOUNT, Audience.EVERYONE, Audience.OVERSIGHT}),
        (("AUDITOR",), (), {Audience.ACCOUNT, Audience.EVERYONE, Audience.OVERSIGHT}),
    ],
)
def test_who_may_see_what(roles, accounts, seen):
    who = viewer("alice", frozenset(roles), frozenset(accounts))
    drafts = {audience: FILL._replace(audience=audience) for audience in Audience}
    drafts[Audience.USER] = drafts[Audience.USER]._replace(user_id="bob")
    assert {audience for audience, draft in drafts.items() if who.may_see(draft)} == seen
    mine = drafts[Audience.USER]._replace(user_id="alice")
    assert who.may_see(mine)


def test_a_rule_passes_on_what_its_owner_may_see_now():
    lost = viewer("alice", frozenset({"TRADER"}), frozenset())
    assert RULE.passes_to(ALICE, FILL)
    assert not RULE.passes_to(lost, FILL)
    assert not RULE.passes_to(None, FILL)
    firm = RULE._replace(firm=True)
    assert firm.passes_to(None, FILL)
    assert not firm.passes_to(ALICE, FILL._replace(audience=Audience.USER, user_id="alice"))


def test_the_default_holds_until_a_user_has_an_in_app_rule():
    mine = RULE._replace(in_app=True)
    other = mine._replace(owner="bob")
    firm = mine._replace(firm=True, owner="rita")
    assert not any(rule.selects(FILL) for rule in in_app_rules("alice", [other]))
    assert in_app_rules("alice", [mine, other, firm]) == [mine, firm]
    assert firm in in_app_rules("alice", [firm])
    assert len(in_app_rules("alice", [firm])) == 2


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-11-30T20:59:59+00:00", None),
        ("2026-11-30T21:00:00+00:00", "2026-12-01T06:00:00+00:00"),
        ("2026-12-01T05:59:59+00:00", "2026-12-01T06:00:00+00:00"),
        ("2026-12-01T06:00:00+00:00", None),
        # Clocks go back at 03:00 on 25 October: the night is an hour longer.
        ("2026-10-24T20:00:00+00:00", "2026-10-25T06:00:00+00:00"),
    ],
)
def test_quiet_hours_end_in_the_time_of_their_zone(at, end):
    at_ns = ns(at)
    assert BERLIN.end_after(at_ns) == (at_ns if end is None else ns(end))


def test_quiet_hours_within_a_day():
    noon = QuietHours(time(12), time(13), ZoneInfo("UTC"))
    assert noon.end_after(ns("2026-11-30T12:30:00+00:00")) == ns("2026-11-30T13:00:00+00:00")
    assert noon.end_after(ns("2026-11-30T13:00:00+00:00")) == ns("2026-11-30T13:00:00+00:00")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * NS_PER_S


def test_what_is_urgent_waits_for_the_bound_only():
    quiet = RULE._replace(quiet=BERLIN, digest_ns=60 * NS_PER_S, messages_per_hour_max=1)
    night = ns("2026-11-30T23:00:00+00:00")
    due_ns, pace = when_due(quiet, night, Pace(), urgent=True)
    assert (due_ns, pace) == (night, Pace(night, 1))
    assert when_due(quiet, night + 1, pace, urgent=True)[0] == night + HOUR_NS
    assert when_due(quiet, night, Pace(), urgent=False)[0] == ns("2026-12-01T06:00:00+00:00")


def test_the_hour_of_a_long_digest_does_not_hold_up_a_rule_that_was_changed():
    daily = RULE._replace(digest_ns=24 * HOUR_NS, messages_per_hour_max=1)
    now = ns("2026-11-30T23:00:00+00:00")
    due_ns, pace = when_due(daily, now, Pace(), urgent=False)
    assert due_ns == now + 24 * HOUR_NS
    at_once = daily._replace(digest_ns=0)
    due_ns, pace = when_due(at_once, now + 3, pace, urgent=False)
    assert due_ns == now + 3
    # The bound holds.
    due_ns, pace = when_due(at_once, now + 4, pace, urgent=False)
    assert due_ns == now + 3 + HOUR_NS


def test_a_stored_kind_that_this_version_does_not_know_selects_nothing():
    rule = rule_from_proto(rule_pb2.Rule(kinds=[0, 99], severity_min=99))
    assert not rule.selects(FILL)
    assert rule_from_proto(rule_pb2.Rule(kinds=[99, Kind.FILL])).selects(FILL)


def test_a_message_is_sent_without_what_its_user_has_lost():
    other = FILL._replace(account_id="ACC-BOB")
    both = (Notification(1, "N", 1, FILL), Notification(2, "N", 1, other))
    to = Destination("D", 1, "d", "https://example.com", "")
    message = Message("M", to, "r", 1, both, {Kind.FILL: 300}, 1)
    everything = ALICE._replace(accounts=frozenset({"ACC-ALICE", "ACC-BOB"}))
    assert permitted(message, everything) == message
    less = permitted(message, ALICE)
    assert (less.notifications, less.counts) == (both[:1], {Kind.FILL: 1})
    assert permitted(message, None).total == 0


def test_a_burst_is_one_message_per_destination_with_counts_of_all():
    fills = [Notification(n, "N", 1, FILL) for n in range(1, 10_001)]
    urgent = FILL._replace(kind=Kind.KILL_SWITCH, severity=Severity.CRITICAL)
    rule = RULE._replace(destinations=("A", "B"))
    found = collect([rule], {"alice": ALICE}, [*fills, Notification(10_001, "N", 1, urgent)])
    assert [(one.destination_id, one.urgent) for one in found] == [
        ("A", True), ("B", True), ("A", False), ("B", False),
    ]  # fmt: skip
    assert found[0].sequences == (10_001,)
    assert len(found[2].sequences) == SHOWN_MAX
    assert by_kind(found[2].counts) == {Kind.FILL: 10_000}
    assert collect([rule], {}, fills) == []


def test_a_key_is_notified_once_until_it_ends():
    down, up = FILL._replace(once="down/s"), FILL._replace(ends="down/s")
    noted: set[str] = set()
    assert due([up, down, down, FILL, up, up, down], noted) == [down, FILL, up, down]
    assert noted == {"down/s"}


def test_a_long_text_is_cut_and_has_no_character_that_cannot_be_stored():
    assert shortened("a\x00b") == "a�b"
    assert len(shortened("x" * 900)) == 500


def test_quiet_hours_in_a_time_zone_that_this_machine_does_not_know_are_in_utc():
    rule = rule_pb2.Rule(
        quiet_hours={"begin": "22:00", "end": "07:00", "time_zone": "Europe/Atlantis"}
    )
    assert rule_from_proto(rule).quiet == QuietHours(time(22), time(7), ZoneInfo("UTC"))
