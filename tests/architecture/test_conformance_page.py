"""docs/CONFORMANCE.md shows the conformance tests as they are."""

from tools import conformance_page


def test_the_page_is_fresh():
    assert conformance_page.main(["--check"]) == 0, "run python -m tools.conformance_page"


def test_every_public_case_is_run_or_named_as_not_covered():
    page = conformance_page.render()
    for number in conformance_page.PUBLIC:
        assert f"| {number} |" in page
    assert set(conformance_page.NOT_COVERED) == set()
    assert not set(conformance_page.LATER) & set(conformance_page.PUBLIC)


def test_numbers_are_read_off_names():
    assert list(conformance_page.numbers_of("test_i_1_a_b_an_order")) == ["I.1.a", "I.1.b"]
    assert list(conformance_page.numbers_of("test_d_2_a_a_cancel")) == ["D.2.a", "D.2.a"]
    assert list(conformance_page.numbers_of("test_j_expired_then_busted")) == []
