"""Fields of a FIX text: the first of a tag counts, and a part that is no field is left out."""

from hypothesis import given
from hypothesis import strategies as st

from fix import wire

parts = st.text(st.sampled_from("=5a\x7fé\udce9 "), max_size=6)
texts = st.lists(parts, max_size=8).map(wire.SOH.join)


def _one_by_one(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(wire.SOH):
        tag, equals, value = part.partition("=")
        if equals and tag not in found:
            found[tag] = value
    return found


@given(texts)
def test_fields_are_those_read_one_by_one(text):
    for one in (text, text + wire.SOH):
        assert list(wire.fields(one).items()) == list(_one_by_one(one).items())


@given(texts)
def test_a_clean_text_has_no_control_characters_but_the_delimiter(text):
    clean = wire.clean(text)
    assert all(one == wire.SOH or one.isprintable() or ord(one) >= 0x80 for one in clean)
