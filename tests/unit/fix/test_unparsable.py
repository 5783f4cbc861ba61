"""What QuickFIX cannot parse is replaced by a message that it can, with the bytes as they came."""

import contextlib

import pytest
import quickfix
from hypothesis import given
from hypothesis import strategies as st

from fix.data_fields import DATA_FIELDS, without_delimiters
from fix.dictionary import dictionary_text
from fix.frames import FixFrames, FrameError
from fix.unparsable import MSG_TYPE, PARKED_BYTES_MAX, Screen, checksum, fault_of, replaced
from fix.wire import fields
from tests.support.raw_venue import framed, header

# Of FIX 4.4.
LAST_TAG = 956


@pytest.fixture
def dropped() -> list[str]:
    return []


@pytest.fixture
def screen(dropped: list[str]) -> Screen:
    return Screen(dropped.append)


def report(body: bytes, number: int = 7, **changes: str) -> bytes:
    return framed(header("8", number, **changes) + body)


def parsed(message: bytes, folder) -> quickfix.Message:
    """Parse as a session does; raises quickfix.InvalidMessage."""
    path = folder / "dictionary.xml"
    if not path.exists():
        path.write_text(dictionary_text({}, (MSG_TYPE,)), encoding="ascii")
    dictionary = quickfix.DataDictionary(str(path))
    return quickfix.Message(message.decode("latin-1"), dictionary, True)


def test_every_data_field_of_fix_4_4_has_its_length_field() -> None:
    """Lengths of data are the fields whose name is that of another one and Len or Length."""
    tags: dict[str, int] = {}
    for name, kind in vars(quickfix).items():
        if isinstance(kind, type) and issubclass(kind, quickfix.FieldBase):
            with contextlib.suppress(TypeError):  # a base class has no tag
                tags[name] = kind().getTag()
    pairs = {
        tag: tags[stem]
        for name, tag in tags.items()
        if (stem := name.removesuffix("Length").removesuffix("Len")) != name and stem in tags
    }
    assert {length: data for length, data in pairs.items() if length <= LAST_TAG} == DATA_FIELDS


@pytest.mark.parametrize(("length", "data"), DATA_FIELDS.items())
def test_a_delimiter_in_a_data_field_of_the_right_length_is_no_end(
    screen: Screen, tmp_path, length: int, data: int
) -> None:
    value = b"a\x0132=99\x01b"
    message = report(b"17=E1\x01%d=%d\x01%d=%b\x0132=5\x01" % (length, len(value), data, value))
    passed = screen.screened(message)
    assert len(passed) == len(message)
    found = fields(passed.decode())
    assert (found["32"], found[f"{data}"]) == ("5", "a 32=99 b")
    assert parsed(passed, tmp_path).getField(32) == "5"


@pytest.mark.parametrize("length", [b"354=4\x01", b"354=400\x01", b"354=x\x01", b"354=\x01", b""])
def test_a_data_field_without_a_right_length_ends_at_the_next_delimiter(
    screen: Screen, tmp_path, length: bytes
) -> None:
    message = report(b"17=E1\x01" + length + b"355=abc\x0132=5\x01")
    assert screen.screened(message) == message
    assert parsed(message, tmp_path).getField(32) == "5"


UNPARSABLE = {
    "a part without an equals sign": b"17=E1\x01broken\x0132=5\x01",
    "a part without a number": b"17=E1\x01=x\x0132=5\x01",
    "a number in words": b"17=E1\x01abc=x\x0132=5\x01",
    "an empty part": b"17=E1\x01\x0132=5\x01",
    "a number of 12 digits": b"17=E1\x01123456789012=x\x0132=5\x01",
    "a delimiter in a text": b"17=E1\x0158=two\x01lines\x0132=5\x01",
    "a second CheckSum": b"17=E1\x0110=123\x0132=5\x01",
    "a second BodyLength": b"17=E1\x019=5\x0132=5\x01",
}


@pytest.mark.parametrize("body", UNPARSABLE.values(), ids=UNPARSABLE)
def test_what_cannot_be_parsed_comes_in_a_message_of_the_same_number(
    screen: Screen, tmp_path, body: bytes
) -> None:
    message = report(body, 41, t43="Y")
    with pytest.raises(quickfix.InvalidMessage):
        parsed(message, tmp_path)
    passed = screen.screened(message)
    parsed(passed, tmp_path)
    found = fields(passed.decode())
    assert [found[tag] for tag in ("34", "35", "43", "49", "56")] == [
        "41", MSG_TYPE, "Y", "TEST", "ORDERMESH",
    ]  # fmt: skip
    original = replaced(passed.decode())
    assert original is not None
    assert (original.msg_type, original.raw) == ("8", message)
    assert original.fault.startswith("QuickFIX cannot take it: ")


def test_header_fields_in_another_order_cannot_be_parsed(screen: Screen) -> None:
    message = framed(b"49=TEST\x0135=8\x0156=ORDERMESH\x0134=9\x01")
    original = replaced(screen.screened(message).decode())
    assert original is not None
    assert "first three fields" in original.fault


@given(st.text("\x01=0123456789ab \x00\n", max_size=60).map(str.encode))
def test_what_passes_can_be_parsed_by_quickfix(tmp_path_factory, body: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    passed = Screen(lambda _: None).screened(report(b"58=" + body + b"\x01"))
    assert parsed(passed, folder).getHeader().getField(34) == "7"


def test_a_garbled_message_is_dropped_once_and_kept_when_it_comes_again(
    screen: Screen, dropped: list[str]
) -> None:
    message = report(b"17=E1\x01").replace(b"17=E1", b"17=E2")
    assert screen.screened(message) == b""
    again = replaced(screen.screened(message).decode())
    assert again is not None
    assert again.raw == message
    assert dropped == []


@pytest.mark.parametrize("tag", ["49", "56"])
@pytest.mark.parametrize("value", ["OTHER", ""])
def test_a_message_with_other_ids_than_the_logon_is_replaced(
    screen: Screen, tmp_path, tag: str, value: str
) -> None:
    screen.screened(framed(header("A", 1) + b"98=0\x01108=30\x01"))
    message = report(b"17=E1\x01", 7, **{f"t{tag}": value})
    passed = screen.screened(message)
    assert parsed(passed, tmp_path).getHeader().getField(49) == "TEST"
    original = replaced(passed.decode())
    assert original is not None
    assert original.raw == message
    assert f"({tag}) is not that of the Logon(A)" in original.fault


def test_a_message_without_sending_time_gets_one(screen: Screen, tmp_path) -> None:
    message = report(b"17=E1\x01").replace(b"\x0152=", b"\x019052=")
    passed = screen.screened(framed(message[message.index(b"35=") : -7]))
    assert parsed(passed, tmp_path).getField(17) == "E1"
    assert fields(passed.decode())["52"].startswith("20")


def test_a_logon_is_left_to_quickfix(screen: Screen) -> None:
    logon = framed(header("A", 1) + b"broken\x01")
    assert screen.screened(logon) == logon


@pytest.mark.parametrize("lost", [b"34=7\x01", b"49=TEST\x01", b"56=ORDERMESH\x01"])
def test_what_cannot_be_replaced_is_dropped_and_reported(
    screen: Screen, dropped: list[str], lost: bytes
) -> None:
    body = (header("8", 7) + b"broken\x01").replace(lost, b"")
    assert screen.screened(framed(body)) == b""
    (why,) = dropped
    assert "MsgSeqNum(34)" in why


def test_a_message_beyond_the_limit_is_read_over_however_it_is_cut(screen: Screen) -> None:
    limit = 1000
    long = report(b"58=" + b"x" * 200_000 + b"\x01", 5)
    stream = report(b"17=E1\x01", 4) + long + report(b"17=E2\x01", 6)
    for step in (1000, 7919, len(stream)):
        frames = FixFrames(limit, screen.shortened)
        got = [m for at in range(0, len(stream), step) for m in frames.feed(stream[at : at + step])]
        assert [fields(one.decode())["34"] for one in got] == ["4", "5", "6"]
        original = replaced(got[1].decode())
        assert original is not None
        assert original.raw == long[:PARKED_BYTES_MAX]
        assert f"it has {len(long)} bytes; at most {limit} are allowed" in original.fault
        assert screen.screened(got[1]) == got[1]


def test_a_message_far_beyond_the_limit_ends_the_connection(screen: Screen) -> None:
    with pytest.raises(FrameError):
        FixFrames(1000, screen.shortened).feed(b"8=FIX.4.4\x019=900000000\x0135=8\x01")


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 8, 9, 10, 35, 58, 95, 96, 354, 355, 1138, 10**9]),
            st.text("\x01=0123ab", max_size=6),
        ),
        max_size=6,
    )
)
def test_a_message_passes_as_it_is_if_and_only_if_it_can_be_parsed_as_it_is(
    pairs: list[tuple[int, str]],
) -> None:
    message = report("".join(f"{tag}={value}\x01" for tag, value in pairs).encode())
    clean = without_delimiters(message)
    passed = Screen(lambda _: None).screened(message)
    assert (passed == message) is (clean == message and not fault_of(message))


def test_a_message_of_a_venue_with_our_type_replaces_none() -> None:
    assert replaced(framed(header(MSG_TYPE, 1) + b"96=no base64!\x01").decode()) is None


@given(st.binary(max_size=2000))
def test_the_checksum(data: bytes) -> None:
    assert checksum(data) == sum(data) % 256


@given(st.binary(max_size=300))
def test_a_message_without_data_fields_is_the_same_object(body: bytes) -> None:
    message = b"58=" + body.replace(b"=", b"")
    assert without_delimiters(message) is message
    assert fault_of(framed(b"35=0\x0158=x\x01")) == ""
