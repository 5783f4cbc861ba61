"""The names of metrics and labels in an expression of PromQL, found without Prometheus."""

import re
from typing import Final

# What stands in front of a bracket or brace, or alone, and is no name of a metric.
WORDS: Final = frozenset(
    {"and", "bool", "by", "group_left", "group_right", "ignoring", "offset", "on", "or", "unless",
     "without", "inf", "nan"}
)  # fmt: skip
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_MATCHERS: Final = re.compile(r"\{[^}]*\}")
_MATCHER: Final = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)")
_CLAUSES: Final = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_RANGES: Final = re.compile(r"\[[^\]]*\]|\boffset\s+\S+|\$__\w+")
_NAMES: Final = re.compile(r"(?<![\w:.$])([a-zA-Z_:][a-zA-Z0-9_:]*)(?!\s*\(|[\w:])")


def names_of(expression: str) -> frozenset[str]:
    """Return the metrics, and recorded series, that an expression reads."""
    bare = _RANGES.sub(" ", _CLAUSES.sub(" ", _MATCHERS.sub(" ", _STRINGS.sub('""', expression))))
    return frozenset(_NAMES.findall(bare)) - WORDS


def labels_of(expression: str) -> frozenset[str]:
    """Return the labels that an expression selects by, groups by or matches on."""
    bare = _STRINGS.sub('""', expression)
    matched = {
        label for part in _MATCHERS.findall(bare) for label in _MATCHER.findall(part)
    }  # fmt: skip
    grouped = {
        label.strip() for part in _CLAUSES.findall(_MATCHERS.sub(" ", bare))
        for label in part.split(",") if label.strip()
    }  # fmt: skip
    return frozenset(matched | grouped)
