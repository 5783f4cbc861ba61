"""A data dictionary that refuses as little as QuickFIX lets us.

Without a dictionary QuickFIX answers every message in which a tag comes twice with Reject(3), so a
report with two parties in it would be refused. With one it needs to know which tags repeat in
which group. Nothing else is told: fields are texts, none is required, unknown ones are allowed.
What a venue means is judged by our own readers, which park what they cannot read.

What is still refused (a group nobody foresaw) is taken from the log by `callbacks.py`.
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


PARTIES: Final = Repeats(453, (448, 447, 452, 2376), (Repeats(802, (523, 803)),))
_NESTED_PARTIES: Final = Repeats(539, (524, 525, 538), (Repeats(804, (545, 805)),))
_ALT_IDS: Final = Repeats(454, (455, 456))
_EVENTS: Final = Repeats(864, (865, 866, 867, 868, 1145))
_UNDERLYING_ALT_IDS: Final = Repeats(457, (458, 459))
_STIPULATIONS: Final = Repeats(232, (233, 234))
_UNDERLYING_TAGS: Final = (
    311, 312, 309, 305, 462, 463, 310, 763, 313, 542, 315, 241, 242, 243, 244, 245, 246, 256, 595,
    592, 593, 594, 247, 316, 941, 317, 436, 435, 308, 306, 362, 363, 307, 364, 365, 877, 878, 318,
    879, 810, 882, 883, 884, 885, 886,
)  # fmt: skip
_UNDERLYINGS: Final = Repeats(
    711, _UNDERLYING_TAGS, (_UNDERLYING_ALT_IDS, Repeats(887, (888, 889)))
)
_LEG_TAGS: Final = (
    600, 601, 602, 603, 607, 608, 609, 764, 610, 611, 248, 249, 250, 251, 252, 253, 257, 599, 596,
    597, 598, 254, 612, 942, 613, 614, 615, 616, 617, 618, 619, 620, 621, 622, 623, 624, 556, 740,
    739, 955, 956, 687, 690, 564, 565, 654, 566, 587, 588, 637,
)  # fmt: skip
_LEGS: Final = Repeats(
    555, _LEG_TAGS,
    (Repeats(604, (605, 606)), Repeats(683, (688, 689)), _NESTED_PARTIES),
)  # fmt: skip
_INSTRUMENT_GROUPS: Final = (_ALT_IDS, _EVENTS, _UNDERLYINGS, _LEGS)
_REPORT: Final = (
    PARTIES,
    *_INSTRUMENT_GROUPS,
    _STIPULATIONS,
    Repeats(382, (375, 337, 437, 438, 655)),
    Repeats(518, (519, 520, 521)),
    Repeats(136, (137, 138, 139, 891)),
    Repeats(768, (769, 770, 771)),
    Repeats(2593, (2594, 2595)),
    Repeats(78, (79, 661, 736, 467, 80)),
    Repeats(957, (958, 959, 960)),
    Repeats(386, (336, 625)),
    Repeats(1907, (1903, 1904, 1905, 1906)),
)


def _everything_behind(first: int, count: int, within: tuple[Repeats, ...]) -> Repeats:
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


_SECURITY_GROUPS: Final = (
    PARTIES,
    *_INSTRUMENT_GROUPS,
    _STIPULATIONS,
    Repeats(870, (871, 872)),
    Repeats(1205, (1206, 1207, 1208, 1209, 2571)),
    Repeats(1234, (1093, 1231)),
)
GROUPS: Final[Mapping[str, tuple[Repeats, ...]]] = {
    "8": _REPORT,
    "9": (PARTIES,),
    "W": (*_INSTRUMENT_GROUPS, _everything_behind(269, 268, (PARTIES,))),
    "X": (_everything_behind(279, 268, (PARTIES,)),),
    "Y": (Repeats(816, (817,)),),
    "y": (_everything_behind(55, 146, _SECURITY_GROUPS),),
    "f": _INSTRUMENT_GROUPS,
    "A": (Repeats(384, (372, 385)),),
}
_ADMIN: Final = ("0", "1", "2", "3", "4", "5", "A")
# Types of FIX 4.4: known, so that a person sees them parked instead of the venue a Reject(3).
_TYPES: Final = (
    *_ADMIN, *"6789BCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
    *(f"A{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    *(f"B{letter}" for letter in "ABCDEFGHIJ"),
)  # fmt: skip


def dictionary_text(
    groups: Mapping[str, tuple[Repeats, ...]] = GROUPS,
) -> str:
    """Return the dictionary as QuickFIX reads it from a file."""
    fields = "".join(
        f'<field number="{tag}" name="Tag{tag}" type="STRING"/>' for tag in range(1, TAGS_MAX)
    )
    messages = "".join(
        f"<message name={quoteattr('Type' + kind)} msgtype={quoteattr(kind)} "
        f'msgcat="{"admin" if kind in _ADMIN else "app"}">'
        f"{''.join(_group(group) for group in groups.get(kind, ()))}</message>"
        for kind in _TYPES
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
