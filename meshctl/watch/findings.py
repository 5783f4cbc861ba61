"""What is wrong and what to do, from facts: no input, no output."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from meshctl.watch.scrape import Scrape

DISK_LOW_SHARE: Final = 0.15
DISK_LOW_BYTES: Final = 1024**3
LAG_MAX_S: Final = 60.0
STANDSTILL_MAX_S: Final = 5.0
SESSION_UP: Final = 3
RESTARTS_MAX: Final = 2


class Level(IntEnum):
    """How bad it is."""

    GOOD = 0
    ODD = 1
    """It works; a person should act in working hours."""
    WRONG = 2


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: Level
    about: str
    text: str
    do: str = ""


def of_disk(folder: str, free: int, total: int) -> Finding:
    """Judge the space on a disk in bytes."""
    text = f"{free / 1024**3:.1f} GiB of {total / 1024**3:.1f} GiB are free for {folder}"
    if free < DISK_LOW_BYTES:
        return Finding(
            Level.WRONG, "disk", text, "make room: below 1 GiB the mesh does not start, and a full "
            "disk stops orders",
        )  # fmt: skip
    if free < total * DISK_LOW_SHARE:
        return Finding(Level.ODD, "disk", text, "make room: docs/OPERATIONS.md, DiskFilling")
    return Finding(Level.GOOD, "disk", text)


def of_processes(rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Judge the processes, as `ordermesh status` has them."""
    for row in rows:
        name = row["name"]
        if not row["ready"]:
            why = row["text"] or f"it is {row['state']} and does not answer"
            yield Finding(
                Level.WRONG, name, why, f"the end of logs/{name}.log in the home says why"
            )
        elif row["text"]:
            yield Finding(Level.ODD, name, row["text"], "docs/OPERATIONS.md")
        elif row["restarts"] > RESTARTS_MAX:
            yield Finding(
                Level.ODD, name, f"it was started again {row['restarts']} times",
                f"logs/{name}.log says why it ended",
            )  # fmt: skip
        else:
            yield Finding(Level.GOOD, name, "ready")


def of_versions(installed: str, found: Sequence[Scrape]) -> Finding:
    """Judge whether all that runs is of the version that is installed here."""
    runs = {
        one.process: labels["version"]
        for one in found
        for labels, _ in one.of("ordermesh_build_info")
    }
    other = {name: version for name, version in runs.items() if version != installed}
    if not other:
        return Finding(Level.GOOD, "versions", f"all that runs is {installed}")
    names = ", ".join(f"{name} {version}" for name, version in sorted(other.items()))
    return Finding(
        Level.ODD, "versions", f"{installed} is installed, and there runs: {names}",
        "ordermesh down, then ordermesh up",
    )  # fmt: skip


def of_owners(found: Sequence[Scrape]) -> Iterator[Finding]:
    """Judge whether some gateway has each session; a standby alone does not say how it is."""
    owned: dict[str, float] = {}
    for one in found:
        for session, owner in one.by("ordermesh_gateway_session_owner", "session").items():
            owned[session] = max(owner, owned.get(session, 0.0))
    for session, owner in sorted(owned.items()):
        if not owner:
            yield Finding(
                Level.WRONG, f"session {session}", "no gateway has it",
                "docs/OPERATIONS.md, SessionWithoutOwner",
            )  # fmt: skip


def of_metrics(one: Scrape) -> Iterator[Finding]:
    """Judge what a process measures of itself."""
    name = one.process
    for dependency, up in sorted(one.by("ordermesh_dependency_up", "dependency").items()):
        if not up:
            level = Level.WRONG if dependency == "postgres" else Level.ODD
            yield Finding(
                level, name, f"{dependency} does not answer it",
                f"see whether {dependency} runs: ordermesh status, logs/{dependency}.log",
            )  # fmt: skip
    for series, what, most, do in _BOUNDS:
        value = one.value(series)
        if value is not None and value > most:
            yield Finding(Level.WRONG, name, what.format(value), do)
    yield from _of_sessions(one)


_BOUNDS: Final = (
    ("ordermesh_oms_queue_standstill_seconds", "commands wait for {:.0f} s and none is worked",
     STANDSTILL_MAX_S, "docs/OPERATIONS.md, CommandsStandStill"),
    ("ordermesh_oms_unknown_orders", "{:.0f} orders are in state UNKNOWN", 0,
     "docs/OPERATIONS.md, OrdersUnknown"),
    ("ordermesh_oms_recovering", "the order book is RECOVERING", 0,
     "ordermesh recovery show, then docs/RESTORE.md"),
    ("ordermesh_oms_kill_switches_engaging", "{:.0f} kill switches are not confirmed", 0,
     "ordermesh kill list"),
    ("ordermesh_relay_lag_seconds", "the copy in Kafka is {:.0f} s old", LAG_MAX_S,
     "docs/OPERATIONS.md, RelayBehind"),
    ("ordermesh_archive_lag_seconds", "the event archive is {:.0f} s old", 10 * LAG_MAX_S,
     "docs/OPERATIONS.md, ArchiveBehind"),
    ("ordermesh_marketdata_history_lag_seconds", "trades wait {:.0f} s to be stored", LAG_MAX_S,
     "docs/OPERATIONS.md, HistoryBehind"),
)  # fmt: skip
"""Series, what to say of its value, the most that is in order, what to do."""


def _of_sessions(one: Scrape) -> Iterator[Finding]:
    owned = one.by("ordermesh_gateway_session_owner", "session")
    states = one.by("ordermesh_gateway_session_state", "session")
    senders = one.by("ordermesh_gateway_next_sender_seq_num", "session")
    targets = one.by("ordermesh_gateway_next_target_seq_num", "session")
    skewed = one.by("ordermesh_gateway_clock_skew_alarm", "session")
    for session, state in sorted(states.items()):
        if not owned.get(session, 1.0):
            continue  # a standby: the owner says how the session is
        numbers = (
            f"next MsgSeqNum(34) {senders.get(session, 0):.0f} out, "
            f"{targets.get(session, 0):.0f} in"
        )
        if state == SESSION_UP:
            yield Finding(Level.GOOD, f"session {session}", f"up; {numbers}")
        else:
            yield Finding(
                Level.WRONG, f"session {session}", f"not up; {numbers}",
                f"ordermesh sessions show {session} says why and what mends it",
            )  # fmt: skip
        if skewed.get(session):
            yield Finding(
                Level.WRONG, f"session {session}", "the venue's clock and ours differ",
                "docs/OPERATIONS.md, VenueClockSkewed",
            )  # fmt: skip
