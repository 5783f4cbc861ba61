"""The table of reasons in docs/PROGRAMS.md is the contract's."""

from tools import programs_page


def test_the_page_is_fresh():
    assert programs_page.main(["--check"]) == 0, "run python -m tools.programs_page"


def test_a_row_has_status_class_and_the_comment_without_what_the_columns_say():
    assert (
        "| `TRADING_HALTED` | FAILED_PRECONDITION | WAIT_UNTIL | "
        "Trading is halted for the account, firm, venue or listing. |"
    ) in programs_page.table()
