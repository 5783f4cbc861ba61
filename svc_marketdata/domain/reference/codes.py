"""The shape of the standard codes: ISIN, CFI, MIC, currency.

Each check returns the code in its one spelling, or raises `WrongValueError` with what the value
should be.
"""

import re
from typing import Final

_CURRENCY_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR "
    "FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY "
    "KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU "
    "MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON "
    "RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
    "TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XCD XCG XDR "
    "XOF XPD XPF XPT YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_CURRENCY_CODES.split())
"""Codes of ISO 4217 that are in use; without those for tests and for no currency."""
_ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_CFI: Final = re.compile(r"[ECDRSOFHIJKLTM][A-Z]{5}")
_MIC: Final = re.compile(r"[A-Z0-9]{4}")
_SYMBOL: Final = re.compile(r"[A-Z0-9_-]{1,27}")
NAME_CHARACTERS_MAX: Final = 150


class WrongValueError(ValueError):
    """A value that cannot be recorded; the text is what it should be."""


def isin(text: str) -> str:
    """Check an ISIN, ISO 6166, with its check digit."""
    code = text.strip().upper()
    if not _ISIN.fullmatch(code):
        raise WrongValueError(
            "an ISIN: 2 letters, 9 letters or digits, and a check digit, as in NL0010273215"
        )
    if (digit := check_digit(code[:11])) != code[11]:
        raise WrongValueError(f"an ISIN whose check digit fits: {code[:11]} has {digit}")
    return code


def check_digit(eleven: str) -> str:
    """Return the last digit of an ISIN by its first eleven characters (modulus 10, Luhn)."""
    digits = "".join(str(int(character, 36)) for character in eleven)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def cfi(text: str) -> str:
    """Check a CFICode(461), ISO 10962, by its shape: category and five letters."""
    code = text.strip().upper()
    if not _CFI.fullmatch(code):
        raise WrongValueError(
            "a CFI code: 6 letters, the first one of E C D R S O F H I J K L T M, as in ESVUFR"
        )
    return code


def mic(text: str) -> str:
    """Check a MIC, ISO 10383, by its shape."""
    code = text.strip().upper()
    if not _MIC.fullmatch(code):
        raise WrongValueError("a MIC: 4 letters or digits, as in XAMS")
    return code


def currency(text: str) -> str:
    """Check a Currency(15), ISO 4217."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise WrongValueError("a currency of ISO 4217, as in EUR")
    return code


def symbol(text: str) -> str:
    """Check the symbol of a listing as its id has it."""
    code = text.strip()
    if not _SYMBOL.fullmatch(code):
        raise WrongValueError("a symbol: up to 27 upper-case letters, digits, _ or -")
    return code


def name(text: str) -> str:
    """Check the name of an instrument or issuer."""
    words = " ".join(text.split())
    if len(words) > NAME_CHARACTERS_MAX or not words.isprintable():
        raise WrongValueError(f"a name of up to {NAME_CHARACTERS_MAX} printable characters")
    return words
