"""Builds data dictionaries that refuse as little as QuickFIX lets us.

Without a dictionary QuickFIX answers every message in which a tag comes twice with Reject(3), so a
report with two parties in it would be refused. With one it needs to know which tags repeat in
which group; these groups are the caller's. Nothing else is said: fields are texts, none is
required, unknown ones are allowed. What a message means is judged by its readers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import quoteattr

# Every tag number that a group may hold where its end is the end of the message.
TAGS_MAX: Final = 3000
HEADER: Final = (
    8, 9, 35, 34, 43, 49, 50, 52, 56, 57, 90, 91, 97, 115, 116, 122, 128, 129, 142, 143, 144, 145,
    212, 213, 347, 369, 627, 628, 629, 630, 1128, 1129,
)  # fmt: skip
TRAILER: Final = (93, 89, 10)


@dataclass(frozen=True, slots=True)
class Repeats:
    """A repeating group: its count tag, the tags of an entry (first one first), groups within."""

    count: int
    tags: tuple[int, ...]
    within: tuple["Repeats", ...] = field(default=())


Groups = Mapping[str, tuple[Repeats, ...]]

PARTIES: Final = Repeats(453, (448, 447, 452, 2376), (Repeats(802, (523, 803)),))


def everything_after(first: int, count: int, within: tuple[Repeats, ...]) -> Repeats:
    """A group that goes on to the end of the message, whatever tags come."""
    apart = {*HEADER, *TRAILER, count, first}
    for group in _all(within):
        apart |= {group.count, *group.tags}
    rest = tuple(tag for tag in range(1, TAGS_MAX) if tag not in apart)
    return Repeats(count, (first, *rest), within)


def _all(groups: Iterable[Repeats]) -> list[Repeats]:
    found = []
    for group in groups:
        found += [group, *_all(group.within)]
    return found


_ADMIN: Final = ("0", "1", "2", "3", "4", "5", "A")
# Types of FIX 4.4: known, so that they come to the application and QuickFIX sends no Reject(3).
_TYPES: Final = (
    *_ADMIN, *"6789BCDEFGHJKLMNPQRSTVWXYZabcdefghijklmopqrstuvwxyz",
    *(f"A{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    *(f"B{letter}" for letter in "ABCDEFGH"),
)  # fmt: skip


def dictionary_text(groups: Groups, more_types: Iterable[str] = ()) -> str:
    """Return the dictionary as QuickFIX reads it from a file.

    Args:
        groups: The repeating groups of each MsgType(35) that has any.
        more_types: MsgType(35)s beyond FIX 4.4 that are known.
    """
    fields = "".join(
        f'<field number="{tag}" name="Tag{tag}" type="STRING"/>' for tag in range(1, TAGS_MAX)
    )
    messages = "".join(
        f"<message name={quoteattr('Type' + kind)} msgtype={quoteattr(kind)} "
        f'msgcat="{"admin" if kind in _ADMIN else "app"}">'
        f"{''.join(_group(group) for group in groups.get(kind, ()))}</message>"
        for kind in (*_TYPES, *more_types)
    )
    return (
        '<fix type="FIX" major="4" minor="4">'
        f"<header>{_fields(HEADER)}</header><trailer>{_fields(TRAILER)}</trailer>"
        f"<messages>{messages}</messages><components/><fields>{fields}</fields></fix>"
    )


def _fields(tags: Iterable[int]) -> str:
    return "".join(f'<field name="Tag{tag}" required="N"/>' for tag in tags)


def _group(group: Repeats) -> str:
    within = "".join(_group(inner) for inner in group.within)
    return f'<group name="Tag{group.count}" required="N">{_fields(group.tags)}{within}</group>'
