"""Existing ids that are similar to one that does not exist, so that a typo is found fast."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

# Ids named at most: a longer list is not read in a hurry.
NEAR_IDS_MAX: Final = 5
# Share of characters in common, in order, from which two ids are similar; difflib's default.
_ALIKE: Final = 0.6


def near(value: str, known: Iterable[tuple[str, str]]) -> tuple[list[str], bool]:
    """Return ids similar to a value, the most similar first, and whether they are similar.

    Args:
        value: The requested id.
        known: Existing ids, each with its name, if any: the name counts, too.

    Returns:
        At most NEAR_IDS_MAX, with their names. When none is similar, the first ones by id.
    """
    wanted = value.casefold()
    pairs = sorted(set(known))
    scored = sorted((-_likeness(wanted, pair), pair) for pair in pairs)
    alike = [pair for score, pair in scored if -score >= _ALIKE]
    return [_in_words(*pair) for pair in (alike or pairs)[:NEAR_IDS_MAX]], bool(alike)


def _likeness(wanted: str, pair: tuple[str, str]) -> float:
    texts = [text.casefold() for text in pair if text]
    return max((SequenceMatcher(None, wanted, text).ratio() for text in texts), default=0.0)


def _in_words(known_id: str, name: str) -> str:
    return f"{known_id} ({name})" if name and name != known_id else known_id
