"""The CSV file of reference data: every bad row is named, and nothing of the file counts."""

import datetime as dt

import pytest

from svc_marketdata.domain.reference.bitemporal import Dated
from svc_marketdata.domain.reference.changes import changes_of
from svc_marketdata.domain.reference.csv_file import COLUMNS, Fault, read
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord, RecordKind

TODAY = dt.date(2027, 1, 4)
HEAD = ",".join(COLUMNS)
ASML = "NL0010273215,ESVUFR,SHARE,ASML Holding N.V.,ASML,SIMA,ASML,EUR,1,0:0.01,,,,,"


def faults(*lines):
    file = read("\n".join(lines), TODAY, TODAY)
    return file.faults or changes_of(file.rows, {}, 1).faults


def test_a_good_row_makes_an_instrument_and_a_listing():
    file = read(f"{HEAD}\n{ASML}\n", TODAY, TODAY)
    assert not file.faults
    made = changes_of(file.rows, {}, 1)
    assert [new.record for new in made.records] == [
        InstrumentRecord("NL0010273215", "ESVUFR", "SHARE", "ASML Holding N.V.", "ASML"),
        ListingRecord("ASML.SIMA", "NL0010273215", "EUR", "1", "0:0.01"),
    ]


BAD_ROWS = [
    (ASML.replace("3215", "3216"), "isin", "NL0010273216", "has 5"),
    (ASML.replace("NL0010273215", ""), "isin", "", "an ISIN"),
    (ASML.replace("ESVUFR", "ESV"), "cfi", "ESV", "6 letters"),
    (ASML.replace("ESVUFR", "DBFUFR"), "cfi", "DBFUFR", "begins with E"),
    (ASML.replace("SHARE", "STOCK"), "type", "STOCK", "one of SHARE"),
    (ASML.replace("SHARE", ""), "type", "", "the instrument is new"),
    (ASML.replace("ASML Holding N.V.", ""), "name", "", "the instrument is new"),
    (ASML.replace("SIMA", "SIM"), "mic", "SIM", "a MIC"),
    (ASML.replace("SIMA", ""), "mic", "", "both mic and symbol"),
    (ASML.replace("SIMA,ASML", "SIMA,"), "symbol", "", "both mic and symbol"),
    (ASML.replace("EUR", "EURO"), "currency", "EURO", "ISO 4217"),
    (ASML.replace("EUR", ""), "currency", "", "ISO 4217"),
    (ASML.replace("0:0.01", "5:0.01"), "tick_table", "5:0.01", "first from 0"),
    (ASML.replace("EUR,1,", "EUR,0,"), "lot_size", "0", "above 0"),
    (ASML.replace("0:0.01,,", "0:0.01,5,2"), "max_quantity", "2", "at least min_quantity"),
    (ASML.replace("EUR,1,0:0.01,", "EUR,10,0:0.01,5"), "min_quantity", "5", "multiple of lot_size"),
    (ASML[:-2] + "maybe,,", "ended", "maybe", "true, false"),
    (ASML[:-1] + "XAM,", "calendar", "XAM", "as in XAMS"),
    (ASML[:-1] + "SIMA,", "calendar", "SIMA", "a calendar of the library"),
    (ASML + "2027-02-30", "valid_from", "2027-02-30", "a date"),
    (ASML + "1969-12-31", "valid_from", "1969-12-31", "from 1970-01-01"),
    (ASML + "2032-01-02", "valid_from", "2032-01-02", "to 2032-01-01"),
    (ASML + ",,", "row", "17 fields", "15 fields"),
    ('"' + ASML, "row", "", "RFC 4180"),
]


@pytest.mark.parametrize(("row", "field", "value", "expected"), BAD_ROWS)
def test_a_bad_row_is_named_with_line_field_value_and_what_it_should_be(
    row, field, value, expected
):
    good = ASML.replace("NL0010273215", "US0378331005").replace("SIMA,ASML", "SIMA,AAPL")
    (found,) = faults(HEAD, good, row) if not row.startswith('"') else faults(HEAD, row)
    assert (found.field, found.value) == (field, value)
    assert found.line == (3 if field != "row" or "fields" in value else found.line)
    assert expected in found.expected


BAD_HEADS = [
    ("", "a line of column names with isin"),
    ("isin,colour", "one of isin, cfi"),
    ("isin,isin", "each column once"),
    ("type,name", "with isin"),
    ("isin,mic", "both mic and symbol"),
]


@pytest.mark.parametrize(("head", "expected"), BAD_HEADS)
def test_wrong_column_names_are_refused(head, expected):
    found = faults(head, "x")
    assert found[0].line == 1
    assert any(expected in fault.expected for fault in found)


def test_every_bad_row_is_named_not_only_the_first():
    found = faults(HEAD, ASML.replace("EUR", "E"), ASML.replace("SIMA", "S"))
    assert [(fault.line, fault.field) for fault in found] == [(2, "currency"), (3, "mic")]


def test_two_rows_that_say_different_things_of_one_instrument_are_refused():
    other = ASML.replace("SIMA,", "SIMB,").replace("N.V.", "NV")
    expected = "'ASML Holding N.V.', as line 2 has it"
    assert faults(HEAD, ASML, other) == [Fault(3, "name", "ASML Holding NV", expected)]


def test_a_listing_that_is_there_twice_is_refused():
    (found,) = faults(HEAD, ASML, ASML)
    assert (found.line, found.field) == (3, "symbol")


def test_a_line_break_in_a_name_does_not_shift_the_line_numbers():
    name = ASML.replace("ASML Holding N.V.", '"ASML\nHolding"')
    (found,) = faults(HEAD, name, ASML.replace("EUR", "E").replace("ASML,E", "ASM2,E"))
    assert (found.line, found.field) == (4, "currency")


def test_a_column_that_is_not_in_the_file_leaves_what_is_known():
    known = InstrumentRecord("NL0010273215", "ESVUFR", "SHARE", "ASML", "ASML")
    key = (RecordKind.INSTRUMENT, known.isin)
    file = read("isin,name\nNL0010273215,ASML Holding\n", TODAY, TODAY)
    made = changes_of(file.rows, {key: [Dated(TODAY, 1, known)]}, 2)
    assert [new.record for new in made.records] == [known._replace(name="ASML Holding")]


def test_a_row_that_says_what_is_known_makes_no_record():
    file = read(f"{HEAD}\n{ASML}\n", TODAY, TODAY)
    first = changes_of(file.rows, {}, 1)
    known = {(new.kind, new.key): [Dated(new.valid_from, 1, new.record)] for new in first.records}
    again = changes_of(file.rows, known, 2)
    assert (again.records, again.unchanged, again.faults) == ([], 2, [])
