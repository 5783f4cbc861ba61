"""What the controls must remember of an account: counts over time, bounded and durable.

The state is one text in the account's row, read with the lock and written with the batch. So
every replica has it, without another round trip. Everything in it has a bound.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.controls.windows import Slot, Window

_json: Final = json.JSONEncoder(separators=(",", ":")).encode

# At most this many orders are compared by the duplicate check; of more, the newest.
DUPLICATES_KEPT_MAX: Final = 512
# Instruments with a window of a collar at once. Beyond it the oldest window is forgotten and
# begins again with the next order.
COLLARS_KEPT_MAX: Final = 256
# Strategies, each with its instrument and side, whose executions are counted at once. Beyond
# it the count that changed longest ago is forgotten.
STRATEGIES_KEPT_MAX: Final = 256
# Uses of limits that are near their bounds at once. Beyond it the one that was said longest ago is
# forgotten and may be said again.
NEAR_KEPT_MAX: Final = 256
# Seconds after which the same use can be near again.
LIMIT_NEAR_AGAIN_S: Final = 60
# Between what a window counts and its name.
_OF_WINDOW: Final = "#"


def near_name(what: str, window: str) -> str:
    """Name a use that a window counts, by which of its sums it is."""
    return f"{what}{_OF_WINDOW}{window}"


class Collar(NamedTuple):
    """How far an account's orders in one instrument moved away since a window's start."""

    started_ns: int
    price: Decimal
    """Reference at the start."""
    value: Decimal
    """Σ value of the orders."""
    moved: Decimal
    """Σ value times distance from the price, in the price's unit."""


class Stop(NamedTuple):
    """A strategy that was stopped because it executed too often."""

    limit_id: str
    limit_version: int
    executions: int
    stopped_at_ns: int


class StrategyKey(NamedTuple):
    """The key by which the repeated-execution throttle counts."""

    strategy: str
    """algorithm:NAME, or trader:SUBJECT where no algorithm is named."""
    instrument_id: str
    side: int

    def text(self) -> str:
        """Return the key as one text."""
        return f"{self.side}|{self.instrument_id}|{self.strategy}"

    @classmethod
    def read(cls, text: str) -> "StrategyKey":
        """Read what `text` wrote."""
        side, instrument_id, strategy = text.split("|", 2)
        return cls(strategy, instrument_id, int(side))


@dataclass(slots=True)
class AccountState:
    """Counts and stops of one account. Windows are by limit, and by currency if money is counted.

    Attributes:
        positions_at: Names the batch that changed positions last: its last sequence and the
            beginning of its chain head, so that no other batch has the same name.
        windows: The counts of VOLUME and MESSAGE_RATE, by name.
        collars: By limit and instrument.
        recent: When an order of each fingerprint was taken last; oldest first.
        executions: The counts of REPEATED_EXECUTION.
        stops: Strategies that a person must enable again.
        near: Uses of limits that are near their bounds, by name, and when that was said (ns).
    """

    positions_at: str = ""
    windows: dict[str, Window] = field(default_factory=dict)
    collars: dict[str, Collar] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)
    executions: dict[str, Window] = field(default_factory=dict)
    stops: dict[StrategyKey, Stop] = field(default_factory=dict)
    near: dict[str, int] = field(default_factory=dict)
    collar_texts: dict[str, tuple[Collar, str]] = field(default_factory=dict, compare=False)
    """Collars as they were last written, and their text: only some change with each order."""

    def window(self, name: str, now_ns: int, window_ms: int) -> Window:
        """Return a count as of now."""
        kept = self.windows.get(name)
        return Window(window_ms) if kept is None else kept.at(now_ns, window_ms)

    def counted_executions(self, name: str, now_ns: int, window_ms: int) -> Window:
        """Return the count of a strategy's executions as of now."""
        kept = self.executions.get(name)
        return Window(window_ms) if kept is None else kept.at(now_ns, window_ms)

    def remember(self, now_ns: int, fingerprint: str, window_ns: int) -> None:
        """Keep an order for the duplicate check."""
        recent = self.recent
        recent.pop(fingerprint, None)
        while recent:
            oldest, at = next(iter(recent.items()))
            if len(recent) < DUPLICATES_KEPT_MAX and now_ns - at < window_ns:
                break
            del recent[oldest]
        recent[fingerprint] = now_ns

    def trim(self, now_ns: int) -> None:
        """Remove what no longer counts, and apply the bounds; what changed longest ago goes first.

        A use whose window is empty is zero: it may be near again, as if the next order had shown
        that it fell.
        """
        self.windows = _current(self.windows, now_ns)
        self.executions = _current(self.executions, now_ns)
        until_ns = now_ns - LIMIT_NEAR_AGAIN_S * NS_PER_S
        for name, said_ns in list(self.near.items()):
            _, mark, window = name.partition(_OF_WINDOW)
            counts = not mark or window in self.windows or window in self.executions
            if not counts and said_ns <= until_ns:
                del self.near[name]
        _trim(self.collars, COLLARS_KEPT_MAX)
        _trim(self.executions, STRATEGIES_KEPT_MAX)
        _trim(self.near, NEAR_KEPT_MAX)


def _trim(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]


def read_state(text: str) -> AccountState:
    """Read what `state_text` wrote; the empty text is the state of a new account."""
    if not text:
        return AccountState()
    kept = json.loads(text)
    return AccountState(
        positions_at=kept.get("p", ""),
        windows=_windows(kept.get("w", {})),
        collars={
            name: Collar(started, Decimal(price), Decimal(value), Decimal(moved))
            for name, (started, price, value, moved) in kept.get("c", {}).items()
        },
        recent=kept.get("d", {}),
        executions=_windows(kept.get("x", {})),
        near=kept.get("n", {}),
        stops={StrategyKey.read(key): Stop(*stop) for key, stop in kept.get("s", {}).items()},
    )


def state_text(state: AccountState, now_ns: int) -> str:
    """Write a state without what no longer counts; an empty state is the empty text."""
    state.trim(now_ns)
    kept: dict[str, Any] = {
        "p": state.positions_at,
        "w": _slots(state.windows),
        "d": state.recent,
        "x": _slots(state.executions),
        "n": state.near,
        "s": {key.text(): list(stop) for key, stop in state.stops.items()},
    }
    parts = [f'"{name}":{_json(value)}' for name, value in kept.items() if value]
    if state.collars:
        parts.append(f'"c":{_collars_text(state)}')
    return f"{{{','.join(parts)}}}" if parts else ""


def _collars_text(state: AccountState) -> str:
    """Write the collars; of those that did not change since, as they were written last."""
    known, texts = state.collar_texts, dict[str, tuple[Collar, str]]()
    for name, each in state.collars.items():
        kept = known.get(name)
        if kept is None or kept[0] is not each:
            values = [each.started_ns, str(each.price), str(each.value), str(each.moved)]
            kept = each, f"{_json(name)}:{_json(values)}"
        texts[name] = kept
    state.collar_texts = texts
    return f"{{{','.join(text for _, text in texts.values())}}}"


def _windows(kept: dict[str, Any]) -> dict[str, Window]:
    return {
        name: Window(
            window_ms, tuple(Slot(number, Decimal(a), Decimal(b)) for number, a, b in slots)
        )
        for name, (window_ms, slots) in kept.items()
    }


def _current(windows: dict[str, Window], now_ns: int) -> dict[str, Window]:
    """Return the windows in which something counts."""
    current = {name: window.at(now_ns, window.window_ms) for name, window in windows.items()}
    return {name: window for name, window in current.items() if window.slots}


def _slots(windows: dict[str, Window]) -> dict[str, Any]:
    return {
        name: [window.window_ms, [[s.number, str(s.first), str(s.second)] for s in window.slots]]
        for name, window in windows.items()
    }
