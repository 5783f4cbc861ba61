"""Gathers the evidence of a period: each section from a log, none from a person's word."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import audit_service_pb2, limit_pb2
from ordermesh.type.v1 import error_pb2
from svc_oms.domain.kill_switches import Scope
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.exports.folded_log import LogReader
from svc_oms.service.exports.rts24 import time_text
from svc_oms.service.self_assessment.page import Section, page
from svc_oms.service.self_assessment.ports import EvidenceLog, LoggedState

ROWS_MAX: Final = 2_000
"""Rows of a table of the page; further ones are counted."""
TITLE: Final = "Evidence for the self-assessment of RTS 6 Article 9"
MADE_FROM: Final = (
    "Made from the audit log, the logs of controls and states, and the order log. `svc_oms.admin "
    "verify --against` a signed checkpoint shows whether somebody has rewritten them."
)
# Parts of the names of rpcs whose actions change a control.
_OVERRIDES: Final = ("Override",)


class Evidence:
    """Reads the evidence of one period."""

    def __init__(
        self, log: EvidenceLog, controls: ControlsInThePast, events: LogReader,
        since_us: int, until_us: int,
    ) -> None:  # fmt: skip
        self._log = log
        self._controls = controls
        self._events = events
        self._since_us = since_us
        self._until_us = until_us
        self._refused: Counter[tuple[str, str]] = Counter()
        self._overrides: list[tuple[str, ...]] = []
        self._actions: Counter[str] = Counter()
        self._overrides_left_out = 0

    async def html(self) -> str:
        """Return the page."""
        await self._read_audit()
        clocks = await self._clocks()
        sections = [
            await self._limits(),
            await self._statuses(),
            self._hits(),
            self._override_section(),
            self._action_section(),
            await self._kill_switches(drills=True),
            await self._kill_switches(drills=False),
            clocks,
            await self._recoveries(),
        ]
        since, until = (time_text(us * NS_PER_US)[:19] for us in (self._since_us, self._until_us))
        period = f"Period: {since or 'the beginning of the log'} to {until} UTC."
        about = [
            f"{period} Article 9 of Delegated Regulation (EU) 2017/589 asks for it each year.",
            MADE_FROM,
        ]
        about += [
            f"Not counted here: {name}: {gone.text}."
            for name, gone in sorted(self._events.archived.items())
        ]
        if begins_us := await self._log.audit_begins_us():
            begins = time_text(begins_us * NS_PER_US)[:19]
            if begins_us > self._since_us:
                about.append(
                    f"Not counted here: entries of the audit log before {begins} UTC, which were "
                    "archived and removed from PostgreSQL."
                )
        return page(TITLE, about, sections)

    async def _read_audit(self) -> None:
        async for payload in self._log.audit(self._since_us, self._until_us):
            entry = audit_service_pb2.AuditEntry.FromString(payload)
            if entry.kind != audit_service_pb2.AUDIT_KIND_ACTION:
                month = entry.at.ToDatetime().strftime("%Y-%m")
                self._refused[month, _word(error_pb2.ErrorReason, entry.reason)] += entry.count or 1
                continue
            self._actions[entry.command] += 1
            if any(part in entry.command for part in _OVERRIDES):
                row = (
                    time_text(entry.at.ToNanoseconds())[:19], entry.account_id,
                    entry.actor_name or entry.actor, entry.command, entry.text,
                )  # fmt: skip
                if len(self._overrides) < ROWS_MAX:
                    self._overrides.append(row)
                else:
                    self._overrides_left_out += 1

    async def _limits(self) -> Section:
        limits = await self._controls.limits(self._until_us, None)
        rows = [
            (
                _word(limit_pb2.LimitKind, one.kind),
                f"{_word(limit_pb2.LimitScope, one.range.scope)} {one.range.scope_id}",
                f"{one.range.instrument_id} {one.range.venue_mic} {one.range.currency}".strip(),
                _values(one.values),
                f"{one.limit_id} version {one.version}",
                one.set_by,
                one.reason,
            )
            for one in limits
        ]
        about = (
            "Pre-trade limits in force at the end of the period (RTS 6 Article 15). Limits of the "
            "settings of svc_oms are in force besides, and have no versions."
        )
        columns = ("Control", "Of", "Only for", "Values", "Version", "Set by", "Reason")
        return _section("Controls in force", about, columns, rows)

    async def _statuses(self) -> Section:
        rows = [
            (
                _word(limit_pb2.TradingStatusTarget, one.target), one.target_id,
                time_text(one.set_at.ToNanoseconds())[:19], one.set_by, one.reason,
            )
            for one in await self._controls.statuses(self._until_us, None)
        ]  # fmt: skip
        about = "Accounts, firms, venues and instruments whose trading was restricted at the end."
        return _section(
            "Restrictions in force", about, ("Kind", "Which", "Since", "Set by", "Reason"), rows
        )

    def _hits(self) -> Section:
        rows = [(*key, f"{count:,}") for key, count in sorted(self._refused.items())]
        about = (
            "Requests that were refused, by month and reason, from the audit log: what the "
            "pre-trade controls stopped (Article 15), and what rights and rules did."
        )
        return _section("Hits of controls", about, ("Month", "Reason", "Requests"), rows)

    def _override_section(self) -> Section:
        about = "Temporary exceptions from limits: who proposed, approved or rejected them."
        columns = ("Time", "Account", "By", "What", "Text")
        return Section("Overrides", about, columns, self._overrides, self._overrides_left_out)

    def _action_section(self) -> Section:
        rows = [(command, f"{count:,}") for command, count in sorted(self._actions.items())]
        about = "Changes of controls and other actions of persons in the audit log, by kind."
        return _section("Actions of persons", about, ("Action", "Times"), rows)

    async def _kill_switches(self, *, drills: bool) -> Section:
        states = await self._log.states("kill_switches", self._since_us, self._until_us)
        rows = [_switch(one) for one in states if bool(one.image["drill"]) is drills]
        columns = (
            "Engaged", "By", "Scope", "Reason", "Confirmed after", "Released", "Released by",
        )  # fmt: skip
        title = "Kill switch drills" if drills else "Kill switches and mass cancels"
        about = (
            "Tests of the kill functionality (Article 12): they reach every gateway, and stop "
            "nothing."
            if drills
            else "The kill functionality in use (Article 12)."
        )
        return _section(title, about, columns, rows)

    async def _clocks(self) -> Section:
        """Find the least and greatest time from a venue's clock to ours, by month and venue."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        counts: Counter[tuple[str, str]] = Counter()
        async for part in self._events.pages():
            for order, line in part.moved:
                stamp = line.stamp
                if not stamp.venue_time_ns or not stamp.received_at_ns:
                    continue
                key = time_text(stamp.received_at_ns)[:7], order.venue_mic
                difference = (stamp.received_at_ns - stamp.venue_time_ns) // NS_PER_US
                known = found[key]
                found[key] = [min([*known, difference]), max([*known, difference])]
                counts[key] += 1
        rows = [
            (*key, f"{counts[key]:,}", f"{least:,}", f"{greatest:,}")
            for key, (least, greatest) in sorted(found.items())
        ]
        about = (
            "From TransactTime(60) of the venue to our receipt, of each report in the order log "
            "(RTS 25). It is the difference of the clocks plus the time on the way: a negative "
            "least one shows that the clocks differ by at least that much, a positive one that "
            "they differ by no more than that in this direction. Reports that were sent again "
            "count with their time of receipt."
        )
        columns = ("Month", "Venue", "Reports", "Least, µs", "Greatest, µs")
        return _section("Clock divergence", about, columns, rows)

    async def _recoveries(self) -> Section:
        states = await self._log.states("recoveries", self._since_us, self._until_us)
        rows = [
            (
                _us(one.image["opened_at_us"]),
                _took(one.image["opened_at_us"], one.image["confirmed_at_us"]),
                one.image["confirmed_by_name"] or one.image["confirmed_by"],
                one.image["evidence"],
                one.image["reason"],
            )
            for one in states
        ]
        about = (
            "Recoveries of the order book after its database was restored to an earlier state "
            "(business continuity, Article 14): how long new orders were refused. Restarts of "
            "processes lose nothing and are not in the log."
        )
        columns = ("Began", "Took", "Confirmed by", "What showed it", "Reason given")
        return _section("Recovery times", about, columns, rows)


def _section(
    title: str, about: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> Section:
    return Section(title, about, columns, rows[:ROWS_MAX], max(0, len(rows) - ROWS_MAX))


def _switch(one: LoggedState) -> tuple[str, ...]:
    row = one.image
    parts = zip(Scope._fields, row["scope"], strict=True)
    scope = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in parts if value)
    return (
        _us(row["engaged_at_us"]),
        row.get("engaged_by_name") or row["engaged_by"],
        scope or "everything",
        row["reason"],
        _took(row["engaged_at_us"], row["acknowledged_at_us"]),
        _us(row["released_at_us"]),
        row.get("released_by_name") or row["released_by"],
    )


def _us(at_us: int) -> str:
    return time_text(at_us * NS_PER_US)[:19]


def _took(begin_us: int, end_us: int) -> str:
    return f"{(end_us - begin_us) / 1_000_000:,.3f} s" if end_us else "not yet"


def _word(enum: Any, number: int) -> str:
    """Return the name of a value of an enum without the prefix that all of its names have."""
    name: str = enum.Name(number)
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix)


def _values(values: limit_pb2.LimitValues) -> str:
    return ", ".join(
        f"{field.name} {' '.join(value) if field.name == 'instruments' else value}"
        for field, value in values.ListFields()
    )
