"""The quick way to read a report gives what the careful way gives, or leaves the report to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.scripted_venue import SOH
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.adapters.fix.orders import plain_reports
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.venues import DialectConfig

NOW = 1_767_323_045_678_912_345
EPOCH = 1_767_000_000_000_000_000
OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAA-2"
HEADER = {"34": "7", "49": "SIMA", "52": "20260102-03:04:05.678", "56": "ORDERMESH"}
REPORT = {
    "37": "V-1", "11": OURS, "17": "E-1", "150": "0", "39": "0", "1": "ACC-ALICE", "55": "ASML.AS",
    "48": "NL0010273215", "22": "4", "54": "1", "40": "2", "59": "0", "15": "EUR", "38": "100",
    "44": "650.50", "151": "100", "14": "0", "6": "0.00", "60": "20260102-03:04:05.123456",
}  # fmt: skip
REJECT = {"37": "V-1", "11": OURS, "41": "x", "39": "0", "434": "1", "102": "0", "58": "too late"}
DIALECTS = {
    "orders": (DialectConfig(), None),
    "a drop copy": (None, DialectConfig()),
    "no accounts": (DialectConfig(account_tag="none"), None),
    "a suffix": (DialectConfig(symbol_suffix=".AS"), None),
    "dates": (DialectConfig(expire_date_zone="Europe/Amsterdam"), None),
}
readers = {
    name: OrderReader(lambda _: "", dialect, written_as)
    for name, (dialect, written_as) in DIALECTS.items()
}

# Every tag that is read, and a few that are not.
TAGS = (
    "1", "6", "11", "14", "15", "17", "19", "22", "30", "31", "32", "35", "37", "38", "39", "40",
    "41", "43", "44", "48", "52", "54", "55", "58", "59", "60", "97", "99", "102", "103", "111",
    "126", "150", "151", "152", "211", "378", "434", "584", "790", "839", "851", "1138", "453",
    "10", "9", "", "x",
)  # fmt: skip
values = st.one_of(
    st.sampled_from([
        "", "0", "1", "2", "4", "8", "F", "G", "H", "D", "I", "Y", "N", "-1", "007", "1.50",
        "-0.25", "1e5", "99999999999", "0.1234567891", "NONE", OURS, "20260102-03:04:05",
        "20260102", "19691231-23:59:59.999", "00010101-00:00:00", "99991231-23:59:60.999999999",
        "20260102-03:04:60.5", "EUR", "ASML.AS", "a=b", "a b", "ü", "\x02", "\udcff", "x" * 127,
        "x" * 128, "x" * 256, "x" * 257,
    ]),
    st.text(st.characters(codec="utf-8", exclude_characters=SOH), max_size=6),
    st.decimals(-1000, 1000, places=2).map(str),
)  # fmt: skip
changes = st.lists(st.tuples(st.sampled_from(TAGS), values), max_size=5)


def message(kind: str, fields: list[tuple[str, str]]) -> str:
    text = SOH.join(f"{tag}={value}" for tag, value in fields)
    return f"8=FIX.4.4{SOH}9=200{SOH}35={kind}{SOH}{text}{SOH}10=123{SOH}"


def checked(reader: OrderReader, raw: str) -> bool:
    """Check that both ways agree; return whether the report was plain."""
    kind, plain = reader.plain(raw, EPOCH, NOW, 7)
    if not plain:
        assert not kind
        return False
    careful = reader.read(raw, EPOCH, NOW, 7)
    assert link.VenueMessage.FromString(plain) == careful
    assert careful.WhichOneof("body") == kind
    # What `Intake` does with other messages is not needed for this one.
    assert not careful.poss_dup
    assert not careful.poss_resend
    assert reader.mass_answer(raw) is None
    assert reader.trading_session(raw) is None
    assert reader.reject_for(careful, raw, 7) == ""
    return True


@given(
    st.sampled_from(sorted(readers)), st.sampled_from("898j3"), changes,
    st.lists(st.tuples(st.sampled_from(TAGS), values), max_size=2), st.randoms(),
)  # fmt: skip
def test_both_ways_agree_on_every_report(name, kind, changed, added, random) -> None:
    base = HEADER | (REJECT if kind == "9" else REPORT)
    fields = list((base | dict(changed)).items()) + added
    if len(changed) > 1:
        random.shuffle(fields)
    checked(readers[name], message(kind, fields))


@given(st.sampled_from(sorted(readers)), st.text(st.sampled_from("8=9F35\x01|1x-ü"), max_size=40))
def test_both_ways_agree_on_any_text(name, text) -> None:
    whole = message("8", list((HEADER | REPORT).items()))
    for raw in (
        text, f"8=FIX.4.4{SOH}9=1{SOH}35=8{SOH}{text}", message("8", [("", text)]), whole + text
    ):  # fmt: skip
        checked(readers[name], raw)


@pytest.mark.parametrize("name", readers)
@pytest.mark.parametrize(
    ("kind", "more"),
    [("8", {}), ("8", {"150": "A", "39": "A"}), ("8", {"150": "4", "39": "4", "41": OURS}),
     ("8", {"150": "F", "39": "1", "32": "10", "31": "650.123456789012", "851": "1", "30": "XAMS"}),
     ("8", {"150": "8", "39": "8", "103": "0", "58": "unknown symbol"}),
     ("8", {"150": "D", "39": "0", "378": "1", "99": "1", "111": "5", "58": "a b"}),
     ("9", {})],
)  # fmt: skip
def test_what_venues_usually_send_is_plain(name, kind, more) -> None:
    fields = HEADER | (REJECT if kind == "9" else REPORT) | more
    raw = message(kind, list(fields.items()))
    for _ in range(2):  # also when it is remembered
        assert checked(readers[name], raw)


@pytest.mark.parametrize(
    "more",
    [{"43": "Y"}, {"97": "Y"}, {"584": "M1"}, {"11": "V-7"}, {"17": ""}, {"39": ""}, {"14": "1e5"},
     {"60": "today"}, {"60": "19691231-23:59:59.999"}, {"60": "00010101-00:00:00"},
     {"52": "00010101-00:00:00.000"}, {"150": "F"}, {"1138": "5"}, {"126": "20260102-03:04:05"},
     {"58": "ü"}, {"103": "-1"}, {"37": "x" * 257}, {"22": "4\x02"}],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_careful_way(more) -> None:
    assert not checked(readers["orders"], message("8", list((HEADER | REPORT | more).items())))


def test_what_is_remembered_has_a_limit(monkeypatch) -> None:
    monkeypatch.setattr(plain_reports, "SHAPES_MAX", 2)
    monkeypatch.setattr(plain_reports, "CODES_MAX", 2)
    reader = OrderReader(lambda _: "", DialectConfig())
    for account in ("A", "B", "C", "D", "A"):
        assert checked(reader, message("8", list((HEADER | REPORT | {"1": account}).items())))
    assert len(reader._plain._known) <= 2
    fields = list((HEADER | REPORT).items())
    for tag in ("9001", "9002", "9003", "9001"):
        assert checked(reader, message("8", [*fields, (tag, "x")]))
        assert len(reader._plain._shapes) <= 2
    many = [(f"{tag}", "x") for tag in range(9000, 9000 + plain_reports.FIELDS_MAX)]
    assert not checked(reader, message("8", fields + many))
