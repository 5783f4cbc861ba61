"""`ordermesh archive` as a person gives it."""

import json

import pytest
from typer.testing import CliRunner

from meshctl.main import app
from tests.support.archived_records import Log
from tests.support.archiving import made_archive

RUNNER = CliRunner()


@pytest.fixture
def place(tmp_path):
    log = Log()
    for number in range(18):
        log.write(f"ACC-{number % 6}", day=number // 12)
    made_archive(tmp_path / "a", log)
    return str(tmp_path / "a")


def ordermesh(*words: str):
    return RUNNER.invoke(app, ["archive", *words])


def test_it_lists_what_is_there_by_day_and_by_file(place):
    done = ordermesh("list", place)
    assert "cluster cluster, topics p.*" in done.output
    assert "2026-09-22" in done.output
    rows = [json.loads(line) for line in ordermesh("list", "--files", place).output.splitlines()]
    assert sum(row["rows"] for row in rows) == 18


def test_verify_ends_with_1_if_it_named_anything(place, tmp_path):
    done = ordermesh("verify", place)
    assert done.exit_code == 0
    assert "18 entries in" in done.output
    assert done.output.endswith("no difference\n")
    path = next((tmp_path / "a").glob("orders/*/*"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = ordermesh("verify", place)
    assert done.exit_code == 1
    assert path.name in done.output
    checkpoint = str(tmp_path / "none.jsonl")
    done = ordermesh("verify", place, "--against", checkpoint)
    assert done.exit_code == 3
    assert "--against needs --key" in done.output


def test_a_hold_is_set_shown_and_released(place):
    done = ordermesh("hold", "--account", "ACC-1", "--reason", "case 7", place)
    assert "account ACC-1" in done.output
    number = done.output.split()[1].rstrip(":")
    assert f"hold {number}: account ACC-1" in ordermesh("list", place).output
    done = ordermesh("release", number, place, "--reason", "closed")
    assert done.output == f"released hold {number}\n"
    assert ordermesh("release", number, place, "--reason", "closed").exit_code == 3
    assert "account ACC-1" not in ordermesh("list", place).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hold", "--reason", "x"), "give --account ACCOUNT or --everything"),
        (("hold", "--everything", "--reason", " "), "--reason is empty"),
        (
            ("hold", "--everything", "--account", "A", "--reason", "x"),
            "give --account ACCOUNT or --everything",
        ),
        (("retention", "--years", "4"), "--years is 4, should be 5 or more"),
    ],
)
def test_wrong_usage_says_what_should_be_given(place, words, said):
    done = ordermesh(*words, place)
    assert done.exit_code == 2
    assert said in done.output


def test_nothing_is_old_enough_yet(place):
    done = ordermesh("retention", "--years", "5", "--remove", place)
    assert done.exit_code == 0
    assert "0 files removed" in done.output


def test_a_place_that_is_no_archive_is_refused(tmp_path):
    done = ordermesh("list", str(tmp_path / "none"))
    assert done.exit_code == 3
    assert "is no archive, or nothing was archived yet" in done.output
