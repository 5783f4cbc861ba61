"""Our names of a venue's symbols: the part of an instrument_id before the venue, and back.

A name has upper-case letters, digits, `_` and `-`. Every other character of a Symbol(55) becomes
`_` and two hexadecimal digits for each of its bytes in UTF-8: `BRK.B` is `BRK_2EB`, `VOLV B` is
`VOLV_20B`. A `_` that would then look like such an escape is itself written `_5F`. So two symbols
never share a name, and the symbol can be read from the name alone, by every session and after
every restart. `dialect.symbols` gives symbols other names.
"""

import re
from collections.abc import Mapping

# Symbols whose name is remembered. Beyond it all are worked out again.
NAMES_REMEMBERED_MAX = 100_000
# With the venue an instrument_id has 32 characters.
NAME_CHARACTERS_MAX = 27
NAME_PATTERN = rf"^[A-Z0-9_-]{{1,{NAME_CHARACTERS_MAX}}}$"

_LIKE_ESCAPE = re.compile("_(?=[0-9A-F]{2})")
_OTHER = re.compile("[^A-Z0-9_-]")
_ESCAPES = re.compile("(?:_[0-9A-F]{2})+")


class SymbolNames:
    """The names of one venue's symbols.

    Args:
        suffix: What the venue appends to every symbol; names are without it.
        given: Names by symbol without the suffix, in place of those made by the rule.
    """

    def __init__(self, suffix: str = "", given: Mapping[str, str] | None = None) -> None:
        self._suffix = suffix
        self._given = dict(given or {})
        self._symbols = {name: symbol for symbol, name in self._given.items()}
        self._made: dict[str, str] = {}

    def bare(self, symbol: str) -> str:
        """Return a Symbol(55) without the suffix."""
        return symbol.removesuffix(self._suffix)

    def name_of(self, symbol: str) -> str:
        """Return the name of a Symbol(55).

        Raises:
            ValueError: It has none: it is empty, too long, or the name is another symbol's.
        """
        name = self._made.get(symbol)
        if name is None:
            name = self._name(symbol)
            if len(self._made) >= NAMES_REMEMBERED_MAX:
                self._made.clear()
            self._made[symbol] = name
        return name

    def symbol_of(self, name: str) -> str:
        """Return the Symbol(55) of a name."""
        symbol = self._symbols.get(name)
        return (_unescaped(name) if symbol is None else symbol) + self._suffix

    def _name(self, symbol: str) -> str:
        bare = self.bare(symbol)
        name = self._given.get(bare)
        if name is not None:
            return name
        name = _escaped(bare)
        if not 0 < len(name) <= NAME_CHARACTERS_MAX:
            raise ValueError(
                f"Symbol(55) {symbol[:40]!r} has the name {name[:40]!r} of {len(name)} characters, "
                f"1 to {NAME_CHARACTERS_MAX} are taken: name it in dialect.symbols"
            )
        other = self._symbols.get(name)
        if other is not None:
            raise ValueError(
                f"Symbol(55) {symbol[:40]!r} has the name {name!r}, which dialect.symbols gives to "
                f"{other!r}: name it there too"
            )
        return name


def _escaped(symbol: str) -> str:
    return _OTHER.sub(_escape, _LIKE_ESCAPE.sub("_5F", symbol))


def _escape(found: re.Match[str]) -> str:
    return "".join(f"_{byte:02X}" for byte in found[0].encode())


def _unescaped(name: str) -> str:
    return _ESCAPES.sub(_unescape, name) if "_" in name else name


def _unescape(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("_", "")).decode()
    except UnicodeDecodeError:
        return found[0]  # never made by the rule
