"""ULIDs, and the orders that ClOrdID(11)s name."""

import pytest

from kernel import ulid
from kernel.order_ids import order_id_of
from kernel.ulid import new_ulid, valid_ulid

ORDER_ID = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


def test_ulids_sort_by_time_and_never_go_backwards():
    start = 4_000_000_000 * 10**9
    made = [new_ulid(start + step) for step in (0, 0, 10**6, 5 * 10**6, 0, 2 * 10**6, 9 * 10**6)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(valid_ulid(one) for one in made)
    # The first ten characters are the milliseconds.
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for character in made[-1][:10]:
        milliseconds = milliseconds * 32 + alphabet.index(character)
    assert milliseconds == start // 10**6 + 9


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "0" * 25 + "I", "a" * 26])
def test_texts_that_are_no_ulid(text):
    assert not valid_ulid(text)


def test_ulid_of_an_impossible_time_is_refused():
    with pytest.raises(ValueError, match="ULID"):
        new_ulid(-1)


def test_order_ids_of_foreign_cl_ord_ids_are_empty():
    assert order_id_of(f"{ORDER_ID}-12") == ORDER_ID
    for foreign in (
        "",
        "x",
        f"{ORDER_ID}",
        f"{ORDER_ID}-",
        f"{ORDER_ID}-x",
        "1-1",
        "é" * 26 + "-1",
    ):
        assert order_id_of(foreign) == ""


def test_ulids_of_one_millisecond_count_up_through_all_their_characters():
    maker = ulid._Maker()
    maker.make(10**9)
    for random in ((1 << 20) - 2, (1 << 40) - 2, (1 << 80) - 3):
        maker._last_random = random
        made = [maker.make(10**9) for _ in range(2)]
        assert made == [ulid._encode(1_000 << 80 | random + n) for n in (1, 2)]
        assert all(map(ulid.valid_ulid, made))
