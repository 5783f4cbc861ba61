"""Reference data: files that are read again change nothing, and the past stays what it was."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from svc_marketdata.domain.reference.actions import ActionKind, CorporateAction, undone
from svc_marketdata.domain.reference.bitemporal import Dated, History, known_at
from svc_marketdata.domain.reference.changes import changes_of
from svc_marketdata.domain.reference.codes import check_digit
from svc_marketdata.domain.reference.csv_file import read, write
from svc_marketdata.domain.reference.records import (
    KINDS,
    InstrumentRecord,
    ListingRecord,
    RecordKind,
)

TODAY = dt.date(2027, 1, 4)
DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 12))
isins = st.from_regex(r"[A-Z]{2}[A-Z0-9]{9}", fullmatch=True).map(
    lambda eleven: eleven + check_digit(eleven)
)
names = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30).map(
    lambda text: " ".join(text.split()) or "x"
)


@st.composite
def instruments(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    begins = {"SHARE": "E", "ETF": "CE", "BOND": "D", "FUND": "CI", "FUTURE": "F"}.get(kind, "T")
    cfi = draw(st.sampled_from(["", begins.ljust(6, "X")]))
    name = draw(names.filter(str.isprintable))
    issuer = draw(st.just("") | names.filter(str.isprintable))
    return InstrumentRecord(draw(isins), cfi, kind, name, issuer)


@st.composite
def books(draw):
    made = draw(st.lists(instruments(), max_size=6, unique_by=lambda one: one.isin))
    listings = []
    for one in made:
        for mic in draw(st.lists(st.sampled_from(["SIMA", "SIMB", "XAMS"]), unique=True)):
            lot = draw(st.integers(1, 50))
            listings.append(
                ListingRecord(
                    f"S{len(listings)}.{mic}",
                    one.isin,
                    draw(st.sampled_from(["EUR", "USD"])),
                    draw(st.sampled_from(["", str(lot)])),
                    draw(st.sampled_from(["", "0:0.01", "0:0.01 10:0.05"])),
                    "",
                    draw(st.sampled_from(["", str(lot * 100)])),
                    draw(st.sampled_from(["", "true"])),
                )
            )
    return made, listings


def written(book):
    made, listings = book
    return write(made, lambda isin: [one for one in listings if one.isin == isin], header=True)


@given(books())
def test_what_is_exported_reads_back_as_it_was_and_changes_nothing(book):
    file = read(written(book), TODAY, TODAY)
    assert not file.faults
    first = changes_of(file.rows, {}, 1)
    assert not first.faults
    assert {new.record for new in first.records} == {*book[0], *book[1]}
    known = {(new.kind, new.key): [Dated(TODAY, 1, new.record)] for new in first.records}
    again = changes_of(file.rows, known, 2)
    assert (again.records, again.unchanged) == ([], len(book[0]) + len(book[1]))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_named_lines(text):
    file = read("isin,name\n" + text, TODAY, TODAY)
    assert all(fault.line >= 1 and fault.expected for fault in file.faults)


@given(st.lists(st.tuples(DAYS, st.none() | st.integers(0, 5)), max_size=12), DAYS)
def test_what_was_known_of_a_day_is_what_a_replay_up_to_then_says(said, day):
    """The oracle writes every day of a calendar anew after each record, oldest day first."""
    records = [Dated(since, number, value) for number, (since, value) in enumerate(said)]
    for change in range(len(records)):
        newest = {one.valid_from: one.value for one in records[: change + 1]}
        expected = None
        for date in sorted(newest):
            if date <= day and newest[date] is not None:
                expected = newest[date]
        assert known_at(records, change, day) == expected


@given(st.lists(st.tuples(DAYS, st.none() | st.integers(0, 5)), max_size=12), DAYS)
def test_later_records_do_not_change_what_was_known_before(said, day):
    records = [Dated(since, number, value) for number, (since, value) in enumerate(said)]
    for change in range(len(records)):
        before = known_at(records[: change + 1], change, day)
        assert known_at(records, change, day) == before


@given(st.permutations([Dated(TODAY, 1, "a"), Dated(TODAY, 2, "b"), Dated(TODAY, 3, None)]))
def test_the_order_in_which_records_are_read_does_not_matter(records):
    assert History(records).at(TODAY) is None


OLD = (RecordKind.LISTING, "ING.SIMA")
ACTION_DAY = dt.date(2026, 1, 6)
lots = st.dictionaries(DAYS, st.integers(1, 9).map(str), max_size=5)


def listing_at(records, day, change=10**6):
    return known_at(records, change, day)


@given(lots, lots, st.booleans())
def test_a_withdrawn_action_takes_back_what_it_set_and_nothing_of_others(before, after, also_same):
    """Imports before and after a change of symbol stand; the listing has not ended."""
    rows = {dt.date(2026, 1, 1): "5"} | before
    records = [
        Dated(day, number, ListingRecord("ING.SIMA", "NL0011821202", "EUR", lot))
        for number, (day, lot) in enumerate(rows.items(), 1)
    ]
    known = list(records)
    change = len(records) + 1
    action = CorporateAction(
        "A", ActionKind.SYMBOL_CHANGE, "NL0011821202", ACTION_DAY, "ING.SIMA",
        new_symbol="INGA", change=change,
    )  # fmt: skip
    renamed = action.records(listing_at(records, ACTION_DAY))
    records += [Dated(ACTION_DAY, change, one.record) for one in renamed if one.key == "ING.SIMA"]
    later = after | ({ACTION_DAY: "7"} if also_same else {})
    # An import sets the lot, and leaves the rest as it is.
    for number, (day, lot) in enumerate(sorted(later.items()), change + 1):
        for some in (records, known):
            built = listing_at(some, day)._replace(lot_size=lot)
            some.append(Dated(day, number, built))
    last = change + len(later) + 1
    taken_back = undone(action, OLD, records, merged=True)
    records += [Dated(one.valid_from, last, one.record) for one in taken_back]
    for offset in range(40):
        day = dt.date(2026, 1, 1) + dt.timedelta(days=offset)
        assert listing_at(records, day) == listing_at(known, day)
