"""Log lines for a terminal; the files under `logs/` keep them unchanged."""

import json
import re
from typing import Any, Final

# Shown elsewhere, or at the head of the line.
_LEFT_OUT: Final = frozenset({"event", "level", "timestamp", "service", "source", "rpc"})
_VALUE_MAX: Final = 300
# "2026-01-02 03:04:05.678 UTC [12] LOG:  text" and "12:M 02 Jan 2026 03:04:05.678 # text".
_POSTGRES: Final = re.compile(r"^[0-9-]{10} ([0-9:]{8})\.\d+ \w+ \[\d+\] (\w+):\s+(.*)$")
_REDIS: Final = re.compile(r"^\d+:\w \d+ \w+ \d{4} ([0-9:]{8})\.\d+ (.) (.*)$")
# Alarming texts about harmless facts, each with the reason.
_HARMLESS: Final = (
    "Memory overcommit must be enabled",  # Redis: it saves nothing to disk here
    "the database system is starting up",  # PostgreSQL: the answer to our own early readiness check
    "Configuration loaded",
    "oO0OoO0OoO0Oo",
    "checkpoint",
)


def readable(line: str) -> str:
    """Turn a line of any process into one for a terminal; empty if it should not be shown."""
    if any(words in line for words in _HARMLESS):
        return ""
    if line.startswith("{"):
        try:
            return _ours(json.loads(line))
        except (ValueError, AttributeError):
            return line
    if found := _POSTGRES.match(line):
        clock, level, text = found.groups()
        return _line(clock, "info" if level == "LOG" else level.lower(), text)
    if found := _REDIS.match(line):
        clock, mark, text = found.groups()
        return _line(clock, "warning" if "WARNING" in text or mark == "!" else "info", text)
    return line


def _ours(entry: dict[str, Any]) -> str:
    clock = str(entry.get("timestamp", ""))[11:19]
    level, event = str(entry.get("level", "")), str(entry.get("event", ""))
    facts = "  ".join(
        f"{name}={_short(value)}" for name, value in entry.items() if name not in _LEFT_OUT
    )
    return _line(clock, level, f"{event}  {facts}" if facts else event)


def _line(clock: str, level: str, text: str) -> str:
    # Only unusual levels are named.
    return f"{clock} {text}" if level in {"", "info"} else f"{clock} {level.upper()} {text}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _VALUE_MAX else f"{text[:_VALUE_MAX]}..."
