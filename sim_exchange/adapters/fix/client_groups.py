"""The repeating groups that clients send, for the data dictionary of their sessions.

Everything else about a message is checked by the message handlers, which name the field.
"""

from typing import Final

from fix.dictionary import Groups, Repeats

_PARTIES: Final = Repeats(453, (448, 447, 452))
_ORDER: Final = (
    _PARTIES,
    Repeats(386, (336, 625)),
    Repeats(78, (79, 80)),
    Repeats(454, (455, 456)),
    Repeats(957, (958, 959, 960)),
)
GROUPS: Final[Groups] = {
    "D": _ORDER,
    "G": _ORDER,
    "E": (Repeats(73, (11, 67)),),
    "V": (Repeats(267, (269,)), Repeats(146, (55, 65, 48, 22, 207)), Repeats(386, (336, 625))),
}
