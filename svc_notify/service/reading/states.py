"""The log of states: kill switches, statements, parked messages, FIX sessions."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from eventlog.logs import Entry
from ordermesh.gateway.v1 import venue_link_service_pb2
from ordermesh.oms.v1 import kill_switch_pb2, statement_pb2
from svc_notify.domain.notification import Audience, Draft, Kind, Severity, shortened
from svc_notify.service.reading.found import Found, Orders

NS_PER_US: Final = 1_000
PARKED_OPEN: Final = 1
"""ParkedState of a message that nobody has settled."""
SCOPES: Final = (
    "firm", "trading desk", "account", "trader", "algorithm", "session", "venue", "listing",
)  # fmt: skip
"""What a kill switch has in its scope, in the order of the column."""


class State(NamedTuple):
    """A row after a change."""

    object_id: str
    version: int
    at_ns: int
    row: Mapping[str, Any]


def read_states(entries: Sequence[Entry], orders: Orders) -> Found:
    """Read states of rows."""
    del orders
    found = Found()
    for entry in entries:
        subject, object_id, version, at_us, row = json.loads(entry.payload)
        make = MAKERS.get(subject)
        if make is not None:
            found.drafts += make(State(object_id, version, at_us * NS_PER_US, row))
    return found


def _kill_switch(state: State) -> Iterable[Draft]:
    row, scope = state.row, dict(zip(SCOPES, state.row["scope"], strict=True))
    where = ", ".join(f"{name} {value}" for name, value in scope.items() if value)
    mass = row["kind"] == kill_switch_pb2.KILL_SWITCH_KIND_MASS_CANCEL
    what = "Mass cancel" if mass else "Kill switch"
    drill = " (drill)" if row["drill"] else ""
    urgent = Severity.INFO if drill else Severity.CRITICAL
    steps = []
    if state.version == 1:
        steps.append(("engaged", urgent, f"{what}{drill} for {where}: {row['reason']}"))
    if row["settled_at_us"]:
        steps.append(("settled", Severity.INFO, f"{what}{drill} for {where} has settled"))
    if row["state"] == kill_switch_pb2.KILL_SWITCH_STATE_RELEASED:
        text = f"{what} for {where} was released: {row['release_reason']}"
        steps.append(("released", Severity.WARNING, text))
    for step, severity, text in steps:
        yield _of_switch(state, scope, Kind.KILL_SWITCH, severity, text, f"kill/{step}")
    proposed = row["release_proposed_at_us"]
    if proposed and row["state"] != kill_switch_pb2.KILL_SWITCH_STATE_RELEASED:
        text = (
            f"The release of the kill switch for {where} waits for a second person: "
            f"{row['release_proposed_by_name'] or row['release_proposed_by']}: "
            f"{row['release_reason']}"
        )
        yield _of_switch(
            state, scope, Kind.APPROVAL_WAITING, Severity.WARNING, text, f"release/{proposed}"
        )._replace(audience=Audience.OVERSIGHT, account_id="")


def _of_switch(  # the parts of a notification
    state: State, scope: Mapping[str, str], kind: Kind, severity: Severity, text: str, once: str
) -> Draft:
    """Make a notification about a kill switch.

    Everyone may see that a venue, session or listing is blocked. Who belongs to a firm or desk is
    not known here: such a switch is for those who oversee.
    """
    public = scope["venue"] or scope["session"] or scope["listing"]
    narrow = scope["firm"] or scope["trading desk"] or scope["trader"] or scope["algorithm"]
    audience = Audience.EVERYONE if public and not narrow else Audience.OVERSIGHT
    if scope["account"]:
        audience = Audience.ACCOUNT
    return Draft(
        kind,
        severity,
        audience,
        state.at_ns,
        shortened(text),
        account_id=scope["account"],
        instrument_id=scope["listing"],
        venue_mic=scope["venue"],
        session_id=scope["session"],
        object_id=state.object_id,
        once=f"{once}/{state.object_id}",
    )


def _statement(state: State) -> Iterable[Draft]:
    row = state.row
    if row["state"] == statement_pb2.STATEMENT_STATE_PROPOSED:
        yield Draft(
            Kind.APPROVAL_WAITING,
            Severity.WARNING,
            Audience.ACCOUNT,
            state.at_ns,
            f"A statement about order {row['order_id']} waits for a second person",
            account_id=row["account_id"],
            order_id=row["order_id"],
            object_id=state.object_id,
            once=f"statement/{state.object_id}",
        )


def _parked(state: State) -> Iterable[Draft]:
    row = state.row
    if row["state"] == PARKED_OPEN and state.version == 1:
        account = row["account_id"] or ""
        yield Draft(
            Kind.REPORT_PARKED,
            Severity.CRITICAL,
            Audience.ACCOUNT if account else Audience.OVERSIGHT,
            state.at_ns,
            shortened(
                f"Message {row['msg_type']} of {row['session_id']} cannot be applied: "
                f"{row['error']}"
            ),
            account_id=account,
            order_id=row["order_id"] or "",
            session_id=row["session_id"],
            object_id=state.object_id,
        )


def _session(state: State) -> Iterable[Draft]:
    """Say whether a FIX session is up, each time that it changes.

    The first entry is the registration. It is noted as down, so that nothing is said of the session
    until it is up for the first time.
    """
    row, key = state.row, f"down/{state.object_id}"
    down = Draft(
        Kind.SESSION_DOWN,
        Severity.INFO if row.get("kept_out") else Severity.CRITICAL,
        Audience.EVERYONE,
        state.at_ns,
        f"{'Drop copy' if row['drop_copy'] else 'Session'} {state.object_id} of {row['venue_mic']} "
        "is down",
        venue_mic=row["venue_mic"],
        session_id=state.object_id,
        once=key,
    )
    if state.version == 1:
        yield down._replace(silent=True)
    # Entries of before the columns were logged do not have them.
    elif (
        "state" in row and row["linked"] and row["state"] == venue_link_service_pb2.SESSION_STATE_UP
    ):
        text = down.text.removesuffix("down") + "up"
        yield down._replace(
            kind=Kind.SESSION_UP, severity=Severity.INFO, text=text, once="", ends=key
        )
    elif "state" in row:
        yield down


MAKERS: Final[dict[str, Callable[[State], Iterable[Draft]]]] = {
    "kill_switches": _kill_switch,
    "statements": _statement,
    "parked_messages": _parked,
    "sessions": _session,
}
"""By the table that the row is in."""
