"""Our names of a venue's symbols: the part of an instrument_id before the venue, and back.

A name has upper-case letters, digits, `_` and `-`. Every other character of a symbol becomes
`_` and two hexadecimal digits for each of its bytes in UTF-8: `BRK.B` is `BRK_2EB`, `VOLV B` is
`VOLV_20B`. A `_` that would then look like such an escape is itself written `_5F`. So two symbols
never share a name, and the symbol can be read from the name alone, by every session and after
every restart.
"""

import re

# With the venue an instrument_id has 32 characters.
NAME_CHARACTERS_MAX = 27
NAME_PATTERN = rf"^[A-Z0-9_-]{{1,{NAME_CHARACTERS_MAX}}}$"

_LIKE_ESCAPE = re.compile("_(?=[0-9A-F]{2})")
_OTHER = re.compile("[^A-Z0-9_-]")
_ESCAPES = re.compile("(?:_[0-9A-F]{2})+")


def name_of_symbol(symbol: str) -> str:
    """Return the name that the rule gives to a symbol, of any length."""
    return _OTHER.sub(_escape, _LIKE_ESCAPE.sub("_5F", symbol))


def symbol_of_name(name: str) -> str:
    """Return the symbol of a name that the rule gave."""
    return _ESCAPES.sub(_unescape, name) if "_" in name else name


def _escape(found: re.Match[str]) -> str:
    return "".join(f"_{byte:02X}" for byte in found[0].encode())


def _unescape(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("_", "")).decode()
    except UnicodeDecodeError:
        return found[0]  # never made by the rule
