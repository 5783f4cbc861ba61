"""The names of one venue's symbols: those of the rule in `kernel.names`, and given ones.

`dialect.symbols` gives symbols other names than the rule.
"""

from collections.abc import Mapping

from kernel.names.symbol_names import NAME_CHARACTERS_MAX, name_of_symbol, symbol_of_name

# Symbols whose name is remembered. Beyond it all are worked out again.
NAMES_REMEMBERED_MAX = 100_000


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
        return (symbol_of_name(name) if symbol is None else symbol) + self._suffix

    def _name(self, symbol: str) -> str:
        bare = self.bare(symbol)
        name = self._given.get(bare)
        if name is not None:
            return name
        name = name_of_symbol(bare)
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
