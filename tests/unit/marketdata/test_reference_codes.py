"""Codes of instruments: what is accepted, and what the error says."""

import pytest

from svc_marketdata.domain.reference import codes, records
from svc_marketdata.domain.reference.codes import WrongValueError

GOOD = [
    (codes.isin, "NL0010273215", "NL0010273215"),
    (codes.isin, " us0378331005 ", "US0378331005"),
    (codes.isin, "XTV15WLZJMF0", "XTV15WLZJMF0"),
    (codes.isin, "DE000BAY0017", "DE000BAY0017"),
    (codes.cfi, "esvufr", "ESVUFR"),
    (codes.mic, "xams", "XAMS"),
    (codes.currency, "eur", "EUR"),
    (codes.symbol, "BRK_2EB", "BRK_2EB"),
    (codes.name, "ASML  Holding\tN.V.", "ASML Holding N.V."),
    (records.quantity, "0100.0", "100"),
    (records.tick_table, "0:0.01 10.0:0.05", "0:0.01 10:0.05"),
    (records.instrument_type, "bond", "BOND"),
]
BAD = [
    (codes.isin, "NL0010273216", "NL001027321 has 5"),
    (codes.isin, "NL00102732", "2 letters, 9 letters or digits, and a check digit"),
    (codes.isin, "\u06610010273215", "2 letters"),
    (codes.cfi, "ESVUF", "6 letters"),
    (codes.cfi, "XSVUFR", "the first one of E C D"),
    (codes.mic, "SIMAA", "4 letters or digits"),
    (codes.currency, "EURO", "ISO 4217"),
    (codes.currency, "XTS", "ISO 4217"),
    (codes.symbol, "BRK.B", "upper-case letters, digits"),
    (codes.name, "x" * 151, "up to 150"),
    (codes.name, "a\u0007b", "printable"),
    (records.quantity, "0", "above 0"),
    (records.quantity, "-1", "above 0"),
    (records.quantity, "1e3", "decimal"),
    (records.quantity, "NaN", "decimal"),
    (records.tick_table, "1:0.01", "the first from 0"),
    (records.tick_table, "0:0", "tick size"),
    (records.tick_table, "0:0.01 0:0.02", "ascending"),
    (records.tick_table, "0-0.01", "from price:tick size"),
    (records.instrument_type, "STOCK", "one of SHARE, ETF"),
]


@pytest.mark.parametrize(("check", "text", "expected"), GOOD)
def test_a_code_is_brought_into_its_one_spelling(check, text, expected):
    assert check(text) == expected


@pytest.mark.parametrize(("check", "text", "expected"), BAD)
def test_a_wrong_code_is_refused_with_what_it_should_be(check, text, expected):
    with pytest.raises(WrongValueError) as refused:
        check(text)
    assert expected in str(refused.value)
