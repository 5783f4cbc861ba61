"""A case as its YAML file has it. An unknown key is an error."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

CASES: Final = Path(__file__).parents[1] / "cases"

# Of every case, unless it says otherwise. Times are short, so that a run takes seconds.
SETTINGS: Final = {
    "attempt_timeout_s": 5.0,
    "heartbeat_s": 5,
    "backoff_base_ms": 1,
    "backoff_cap_ms": 20,
}


@dataclass(frozen=True)
class Fault:
    """What happens to one call instead of its answer.

    Attributes:
        refuse: Reason of a refusal by the mesh; any text, so that a client meets new ones.
        code: Status of the refusal, or of a failure without a reason.
        retry_class: Of the refusal; else that of the table of reasons.
        field: Field at fault.
        retry_after_s: RetryInfo of the refusal.
        applied: The command takes effect before the fault.
        hang: No answer comes until the client gives up.
        reset: Every connection is cut, as by `kill -9`.
        freeze: Every connection carries nothing from now on, as when a cable is pulled.
        expire_tokens: Access tokens given so far end before the call is looked at.
        end_sessions: So do refresh tokens.
        times: So many calls in a row.
    """

    refuse: str = ""
    code: str = ""
    retry_class: str = ""
    field: str = ""
    retry_after_s: float | None = None
    applied: bool = False
    hang: bool = False
    reset: bool = False
    freeze: bool = False
    expire_tokens: bool = False
    end_sessions: bool = False
    times: int = 1


@dataclass(frozen=True)
class Opening:
    """What one stream does; once the script is used up, streams stay open.

    Attributes:
        frames: So many frames are sent, then `end` comes; not set: all there are.
        end: "" (stays open, with heartbeats), OK, RESET, FREEZE, SILENT, SLOW_CONSUMER,
            DRAIN SHUTDOWN, DRAIN TOKEN_EXPIRY, DRAIN MAX_AGE, or a gRPC status, with `refuse`
            as its reason.
        refuse: Reason of the status.
        retry_after_s: Of a drain, or RetryInfo of a refusal.
        expire_tokens: Access tokens given so far end before the stream is looked at.
        hole_at: This event is left out.
        repeat: These events are sent twice.
        withhold: This event and later ones are not sent; heartbeats say that they exist.
        epoch: The log begins this epoch; older cursors are answered with Resync.
        resync: ResyncCause with which any cursor is answered.
        snapshot_at: Sequence of a snapshot, if not that of the log.
        without: Orders that a snapshot does not have, by id.
        beat_after: A heartbeat comes after so many frames, ahead of the events it counts.
    """

    frames: int | None = None
    end: str = ""
    refuse: str = ""
    retry_after_s: float | None = None
    expire_tokens: bool = False
    hole_at: int = 0
    repeat: tuple[int, ...] = ()
    withhold: int = 0
    epoch: str = ""
    resync: str = ""
    snapshot_at: int | None = None
    without: tuple[str, ...] = ()
    beat_after: int = 0


@dataclass(frozen=True)
class Log:
    """An account's log: a snapshot as of one sequence, and the events up to another.

    Attributes:
        snapshot: Sequence of the snapshot.
        events: Sequence of the last event.
        batch: Events in a frame; an order comes with its last event there.
        unknown: What of an event a client of today does not know, by sequence: state, kind or
            skippable.
        ahead: The order beside an event is as it is after a later one, as in a replay.
    """

    snapshot: int = 0
    events: int = 0
    batch: int = 1
    unknown: dict[int, str] = field(default_factory=dict)
    ahead: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """What the server does.

    Attributes:
        foreign: The server's certificate is of another authority than the driver's `ca_file`.
        token_life_s: `exp - iat` of access tokens.
        clock_skew_s: Server's clock minus true time.
        accounts: Accounts of the user.
        calls: Faults by name of the rpc, one for each call in turn; `ok` for none.
        logs: Logs by account.
        openings: Order streams in turn.
        prices: Sequence of the snapshot and of the last update, by listing.
        price_openings: Market-data streams in turn.
        orders: Orders that List finds, in pages of these sizes; a page may be empty.
        release_after_frames: A held driver goes on once a stream has sent so many frames.
        order_state: State of the order that commands answer, without prefix, or a number.
    """

    foreign: bool = False
    token_life_s: float = 900.0
    clock_skew_s: float = 0.0
    accounts: tuple[str, ...] = ("ACC-ALICE", "ACC-BOB")
    calls: dict[str, tuple[Fault | None, ...]] = field(default_factory=dict)
    logs: dict[str, Log] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    prices: dict[str, tuple[int, int]] = field(default_factory=dict)
    price_openings: tuple[Opening, ...] = ()
    orders: tuple[int, ...] = ()
    release_after_frames: int = 1
    order_state: str = "PENDING_NEW"


@dataclass(frozen=True)
class Case:
    """One case: what the server does, what the client does, what must come of it."""

    name: str
    says: str
    server: Script
    client: tuple[dict[str, Any], ...]
    sees: tuple[dict[str, Any], ...]
    server_saw: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def line(self, address: str, ca_file: Path) -> dict[str, Any]:
        """What a driver reads."""
        return {
            "case": self.name,
            "address": address,
            "ca_file": str(ca_file),
            "username": "alice",
            "password": "right",
            "settings": SETTINGS | self.settings,
            "steps": list(self.client),
        }


def load(folder: Path = CASES) -> list[Case]:
    """Read every case, in the order of the files and within them. Names are unique."""
    cases = [
        _case(document)
        for path in sorted(folder.glob("*.yaml"))
        for document in yaml.safe_load(path.read_text("utf-8"))
    ]
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"case names are unique; twice: {', '.join(twice)}")
    return cases


def _case(document: dict[str, Any]) -> Case:
    try:
        made = dict(document)
        made["server"] = _script(made.get("server", {}))
        made["client"] = tuple(
            {"do": step} if isinstance(step, str) else step for step in made["client"]
        )
        made["sees"] = tuple(made["sees"])
        return Case(**made)
    except (TypeError, KeyError) as error:
        raise ValueError(f"case {document.get('name', '?')}: {error}") from error


def _script(document: dict[str, Any]) -> Script:
    made = dict(document)
    made["calls"] = {
        name: tuple(one for fault in faults for one in _faults(fault))
        for name, faults in made.get("calls", {}).items()
    }
    made["logs"] = {name: Log(**log) for name, log in made.get("logs", {}).items()}
    for openings in ("openings", "price_openings"):
        made[openings] = tuple(_opening(one) for one in made.get(openings, ()))
    made["prices"] = {name: tuple(pair) for name, pair in made.get("prices", {}).items()}
    for listed in ("accounts", "orders"):
        if listed in made:
            made[listed] = tuple(made[listed])
    return Script(**made)


def _faults(fault: Any) -> list[Fault | None]:
    if fault == "ok":
        return [None]
    made = Fault(**fault)
    return [made] * made.times


def _opening(opening: dict[str, Any]) -> Opening:
    made = dict(opening)
    for listed in ("repeat", "without"):
        if listed in made:
            made[listed] = tuple(made[listed])
    return Opening(**made)
