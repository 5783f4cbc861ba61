"""Ids like one that is not there: a typo must not cost time."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

# Ids named at most; the rest would be a list nobody reads in a hurry.
NEAR_IDS_MAX: Final = 5
# Share of characters in common, in order, from which two are alike; difflib's own cut-off.
_ALIKE: Final = 0.6


def near(value: str, known: Iterable[tuple[str, str]]) -> tuple[list[str], bool]:
    """Return ids like a value, the most alike first, and whether they are alike.

    Args:
        value: What was asked for.
        known: Ids with the name people know them by, if any: the name counts, too.

    Returns:
        At most NEAR_IDS_MAX, told with their names. When none is alike, the first by id.
    """
    wanted = value.casefold()
    pairs = sorted(set(known))
    scored = sorted((-_likeness(wanted, pair), pair) for pair in pairs)
    alike = [pair for score, pair in scored if -score >= _ALIKE]
    return [_told(*pair) for pair in (alike or pairs)[:NEAR_IDS_MAX]], bool(alike)


def _likeness(wanted: str, pair: tuple[str, str]) -> float:
    texts = [text.casefold() for text in pair if text]
    return max((SequenceMatcher(None, wanted, text).ratio() for text in texts), default=0.0)


def _told(known_id: str, name: str) -> str:
    return f"{known_id} ({name})" if name and name != known_id else known_id
