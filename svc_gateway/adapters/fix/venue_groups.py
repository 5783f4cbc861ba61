"""The repeating groups that venues send, for the data dictionary of their sessions.

QuickFIX still refuses a message with a group that is missing here; `callbacks.py` takes such a
message from the log.
"""

from typing import Final

from fix import unparsable
from fix.dictionary import PARTIES, Groups, Repeats, everything_after

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
_SECURITY_GROUPS: Final = (
    PARTIES,
    *_INSTRUMENT_GROUPS,
    _STIPULATIONS,
    Repeats(870, (871, 872)),
    Repeats(1205, (1206, 1207, 1208, 1209, 2571)),
    Repeats(1234, (1093, 1231)),
)
GROUPS: Final[Groups] = {
    "8": _REPORT,
    "9": (PARTIES,),
    "W": (*_INSTRUMENT_GROUPS, everything_after(269, 268, (PARTIES,))),
    "X": (everything_after(279, 268, (PARTIES,)),),
    "Y": (Repeats(816, (817,)),),
    "y": (everything_after(55, 146, _SECURITY_GROUPS),),
    "f": _INSTRUMENT_GROUPS,
    "A": (Repeats(384, (372, 385)),),
}
MORE_TYPES: Final = ("n", "BI", "BJ", unparsable.MSG_TYPE)
"""MsgType(35)s that come although FIX 4.4 does not have them."""
