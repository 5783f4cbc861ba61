"""Ids like one that is not there."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.names.similar_ids import NEAR_IDS_MAX, near

KNOWN = [("ACC-ALICE", ""), ("ACC-BOB", ""), ("01JD", "alice"), ("01JE", "01JE")]


def test_a_typo_finds_what_was_meant_first():
    assert near("ACC-ALCIE", KNOWN) == (["ACC-ALICE"], True)
    assert near("acc-bob", KNOWN)[0][0] == "ACC-BOB"


def test_a_name_finds_its_id():
    assert near("alice", KNOWN) == (["01JD (alice)", "ACC-ALICE"], True)
    assert near("01je", KNOWN)[0][0] == "01JE"


def test_nothing_alike_shows_the_first_ones():
    assert near("ZZZZ", [("B", ""), ("A", ""), ("A", "")]) == (["A", "B"], False)
    assert near("ZZZZ", []) == ([], False)
    assert near("ZZZZ", [("", "")]) == ([""], False)


@given(st.text(max_size=10), st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10))))
def test_what_is_reported_is_known_and_bounded(value, known):
    shown, alike = near(value, known)
    assert len(shown) == min(len(set(known)), NEAR_IDS_MAX) or alike
    assert len(shown) <= NEAR_IDS_MAX
    ids = {known_id for known_id, _ in known}
    assert all(any(one.startswith(known_id) for known_id in ids) for one in shown)
    exact = [known_id for known_id, _ in known if known_id and known_id == value]
    assert not exact or any(one.startswith(value) for one in shown)
