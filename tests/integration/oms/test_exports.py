"""Tables and the evidence page, made of a book in which there was trading."""

import csv
import subprocess
from pathlib import Path

import pytest

from svc_oms.service.exports import rts24
from tests.integration.oms.test_admin import admin
from tests.integration.oms.test_replay import book_url

__all__ = ["book_url"]
pq = pytest.importorskip("pyarrow.parquet")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def exported(book_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    done = admin(book_url, "export", *words)
    assert done.returncode == 0, done.stderr
    return done


def test_rts_24_has_a_row_for_each_event_of_field_21(book_url, tmp_path):
    file = tmp_path / "rts24.csv"
    done = exported(book_url, "rts24", "--out", str(file))
    found = rows(file)
    assert done.stdout == f"{len(found)} rows in {file}\n"
    alice = [row for row in found if row["account_id"] == "ACC-ALICE"]
    assert [row["f21_event"] for row in alice] == ["NEWO", "PARF", "PARF", "?", "?", "NEWO"]
    first, filled = alice[0], alice[1]
    assert (first["f18_instrument_isin"], first["f32_buy_sell"]) == ("NL0010273215", "BUYI")
    assert (first["f36_initial_quantity"], first["f24_limit_price"]) == ("100", "650.05")
    assert (filled["f28_transaction_price"], filled["f39_traded_quantity"]) == ("650.05", "40")
    assert (filled["f37_remaining_quantity"], filled["f48_transaction_id_code"]) == ("60", "?")
    assert first["f01_submitting_entity"] == rts24.NOT_KNOWN
    assert not list(tmp_path.glob("*.partial"))


def test_the_same_rows_come_as_parquet(book_url, tmp_path):
    text, table = tmp_path / "rts24.csv", tmp_path / "rts24.parquet"
    for file in (text, table):
        exported(book_url, "rts24", "--out", str(file), "--account", "ACC-BOB")
    assert pq.read_table(table).to_pylist() == rows(text)


def test_orders_are_as_they_stood_at_the_end_of_the_range(book_url, tmp_path):
    whole, early = tmp_path / "whole.csv", tmp_path / "early.csv"
    exported(book_url, "orders", "--out", str(whole))
    found = {row["order_id"]: row for row in rows(whole)}
    assert sorted(row["state"] for row in found.values()) == [
        "FILLED", "PENDING_CANCEL", "PENDING_NEW",
    ]  # fmt: skip
    busy = max(found.values(), key=lambda row: row["state"] == "PENDING_CANCEL")
    exported(book_url, "orders", "--out", str(early), "--to", busy["updated_at"])
    (before,) = [row for row in rows(early) if row["order_id"] == busy["order_id"]]
    assert (before["state"], before["executed_quantity"]) == ("PARTIALLY_FILLED", "25")


def test_execution_quality_is_counted_by_day_venue_and_listing(book_url, tmp_path):
    file = tmp_path / "quality.csv"
    exported(book_url, "rts27-style", "--out", str(file))
    (row,) = rows(file)
    assert (row["venue_mic"], row["orders"], row["executions"]) == ("SIMA", "3", "3")
    assert (row["executed_quantity"], row["highest_price"]) == ("160", "651")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("rts25", "--out", "x.csv"), "the table is 'rts25'; it should be one of rts24"),
        (("orders", "--out", "x.txt"), "its name should end with .csv or .parquet"),
        (("orders", "--out", "/nowhere/x.csv"), "/nowhere/x.csv cannot be written"),
        (("orders", "--out", "x.csv", "--from", "yesterday"), "--from is 'yesterday'"),
        (("orders", "--out", "x.csv", "--to", "2999-01-01"), "in the future"),
        (("orders", "--out", "x.csv", "--from", "2026-02-01", "--to", "2026-01-01"),
         "it should be before --to"),
        (("orders", "--out", "x.csv", "--account", "ACC-BOB", "--account", "ACC-ALICe"),
         "account ACC-ALICe is not in the order book"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_with_what_it_should_be(book_url, words, text):
    done = admin(book_url, "export", *words)
    assert done.returncode != 0
    assert text in " ".join(done.stderr.replace("│", " ").split())


def test_the_evidence_is_one_page_that_needs_nothing_else(book_url, tmp_path):
    admin(book_url, "disconnect-default", "--account", "ACC-ALICE", "--by", "<rita>")
    file = tmp_path / "evidence.html"
    done = admin(book_url, "evidence", "--out", str(file))
    assert done.returncode == 0, done.stderr
    text = file.read_text("utf-8")
    for title in ("Controls in force", "Hits of controls", "Overrides", "Kill switch drills",
                  "Clock divergence", "Recovery times"):  # fmt: skip
        assert f". {title}</h2>" in text
    assert "admin/disconnect-default" in text
    assert "<script" not in text
    assert "src=" not in text
