"""Rules: which notifications go where."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from kernel.nanoseconds import NS_PER_S
from svc_notify.domain.notification import Draft, Kind, Severity, Viewer

MESSAGES_PER_HOUR_DEFAULT: Final = 60
HOUR_NS: Final = 3_600 * NS_PER_S


class QuietHours(NamedTuple):
    """A part of each day in which nothing is sent; it may pass midnight."""

    begin: time
    end: time
    """The first minute after it; not the same as begin."""
    zone: ZoneInfo

    def end_after(self, at_ns: int) -> int:
        """Return when they end if this moment is in them, otherwise the moment itself."""
        moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(self.zone)
        now = moment.time()
        over_midnight = self.begin > self.end
        quiet = (
            now >= self.begin or now < self.end if over_midnight else self.begin <= now < self.end
        )
        if not quiet:
            return at_ns
        day = moment.date() + timedelta(days=int(over_midnight and now >= self.begin))
        end = datetime.combine(day, self.end, self.zone)
        # Where clocks go forward over the end, the moment after it counts.
        return max(at_ns, int(end.timestamp()) * NS_PER_S)


class Rule(NamedTuple):
    """Which notifications an owner wants, and where."""

    rule_id: str
    owner: str
    firm: bool
    name: str = ""
    disabled: bool = False
    kinds: frozenset[int] = frozenset()
    """Numbers of kinds, also those that this version does not know. Empty for all, as are the other
    filters."""
    severity_min: int = Severity.INFO
    accounts: frozenset[str] = frozenset()
    venue_mic: str = ""
    amount_min: Decimal = Decimal(0)
    in_app: bool = False
    destinations: tuple[str, ...] = ()
    quiet: QuietHours | None = None
    digest_ns: int = 0
    messages_per_hour_max: int = MESSAGES_PER_HOUR_DEFAULT

    def selects(self, draft: Draft) -> bool:
        """Return whether a notification passes every filter, whoever may see it."""
        return (
            not self.disabled
            and (not self.kinds or draft.kind in self.kinds)
            and draft.severity >= self.severity_min
            and (not self.accounts or draft.account_id in self.accounts)
            and (not self.venue_mic or draft.venue_mic == self.venue_mic)
            and (not draft.amount or Decimal(draft.amount) >= self.amount_min)
        )

    def passes_to(self, viewer: Viewer | None, draft: Draft) -> bool:
        """Return whether the rule passes a notification on to destinations.

        Args:
            viewer: The owner of the rule as of now; None if there is no such user any more. A rule
                of the firm does not depend on who set it.
            draft: The notification.
        """
        if not self.selects(draft):
            return False
        if self.firm:
            return not draft.user_id
        return viewer is not None and viewer.may_see(draft)


DEFAULT: Final = Rule("default", "", firm=True, kinds=frozenset(Kind) - {Kind.FILL}, in_app=True)
"""What is shown to a user who has no in-app rule."""


def in_app_rules(user_id: str, rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that decide what a user is shown: its own, the firm's, or the default."""
    shown = [rule for rule in rules if rule.in_app and (rule.firm or rule.owner == user_id)]
    if any(not rule.firm for rule in shown):
        return shown
    return [*shown, DEFAULT]


class Pace(NamedTuple):
    """Messages of a rule to a destination, of one urgency."""

    hour_ns: int = 0
    """When the present hour began: with its first message."""
    messages: int = 0
    """Messages in it."""


def when_due(rule: Rule, now_ns: int, pace: Pace, *, urgent: bool) -> tuple[int, Pace]:
    """Return when a new message of a rule is due, and the pace with it.

    Args:
        rule: Gives digest, quiet hours and the bound.
        now_ns: The present time.
        pace: Of the messages before of this urgency, which are all due by now.
        urgent: It is for CRITICAL notifications: only the bound holds for it.
    """
    due_ns = _quiet(rule, now_ns + rule.digest_ns, urgent=urgent) if not urgent else now_ns
    # An hour that begins later is of a rule or a clock that has been changed since.
    if not pace.hour_ns <= due_ns < pace.hour_ns + HOUR_NS:
        pace = Pace(due_ns)
    if pace.messages >= rule.messages_per_hour_max:
        due_ns = _quiet(rule, pace.hour_ns + HOUR_NS, urgent=urgent)
        pace = Pace(due_ns)
    return due_ns, Pace(pace.hour_ns, pace.messages + 1)


def _quiet(rule: Rule, at_ns: int, *, urgent: bool) -> int:
    return at_ns if urgent or rule.quiet is None else rule.quiet.end_after(at_ns)
