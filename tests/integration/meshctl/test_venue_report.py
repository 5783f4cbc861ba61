"""`ordermesh routing report` as a user sees it."""

import csv
import json
from datetime import UTC, datetime, timedelta

from meshctl.commands.orders.venue_report import COLUMNS

FROM, TO = "2027-01-01", "2027-02-01"
WITHIN = datetime(2027, 1, 15, 10, tzinfo=UTC)
BEFORE = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
AFTER = datetime(2027, 2, 1, tzinfo=UTC)


def order(order_id, **fields):
    return {
        "order_id": order_id, "account_id": "ACC-ALICE", "instrument_id": "ASML.SIMA",
        "currency": "EUR", "progress": {"cum_quantity": "100"}, "updated_at": WITHIN,
    } | fields  # fmt: skip


def child(order_id, of="PARENT", **fields):
    link = {"kind": "ORDER_LINK_KIND_ROUTED", "group_id": of, "parent_order_id": of}
    return order(order_id, link=link, **fields)


def parent(order_id="PARENT", venues=()):
    routing = {"strategy": "ROUTING_STRATEGY_BEST", "venues": venues}
    return order(order_id, instrument_id="", routing=routing)


def execution(mic, quantity, price, liquidity=2, **fields):
    return {
        "exec_id": "E", "venue_mic": mic, "quantity": quantity, "price": price,
        "currency": "EUR", "liquidity": liquidity, "venue_time": WITHIN,
    } | fields  # fmt: skip


def script(edge):
    """One routed order of three children, one plain order, and what does not count."""
    edge.answers["List"] = [
        {"orders": [child("B2", instrument_id="ASML.SIMB"), child("A1")], "next_page_token": "2"},
        {"orders": [child("A2"), parent(), order("PLAIN"), child("ONE", "NARROW")]},
    ]
    edge.answers["List"][1]["orders"] += [
        parent("NARROW", ["SIMA"]),
        order("OLD", updated_at=BEFORE.replace(hour=20)),
        order("NONE", progress={"cum_quantity": "0"}),
    ]
    executions = {
        "B2": [execution("SIMB", "100", "650.1")],
        "A1": [execution("SIMA", "50", "650.05"), execution("SIMA", "9", "1", busted=True)],
        "A2": [execution("SIMA", "50", "650.05"), execution("SIMA", "9", "1", venue_time=AFTER)],
        "PLAIN": [
            execution("SIMA", "10", "650", 1),
            execution("SIMA", "9", "1", venue_time=BEFORE),
            execution("SIMA", "1", "600", last_market_mic="XOFF"),
        ],
        "ONE": [execution("SIMA", "10", "650", 1)],
        "OLD": [execution("SIMA", "10", "650", venue_time=BEFORE)],
    }
    edge.answers["Get"] = {key: {"executions": rows} for key, rows in executions.items()}


ROWS = [
    # value, orders, of value, of orders, passive, aggressive, directed
    ["SIMA", "78005", "3", "54.32", "100.00", "66.67", "33.33", "66.67"],
    ["SIMB", "65010", "1", "45.27", "33.33", "0.00", "100.00", "0.00"],
    ["XOFF", "600", "1", "0.42", "33.33", "0.00", "100.00", "100.00"],
]


async def test_children_count_once_and_only_what_was_executed_in_the_time(trader) -> None:
    script(trader.edge)
    out = await trader.done("routing", "report", "--from", FROM, "--to", TO, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [list(row.values())[7:] for row in found] == ROWS
    assert [row["rank"] for row in found] == ["1", "2", "3"]
    assert {row["class_value"] for row in found} == {"143615"}
    assert {row["class_orders"] for row in found} == {"3"}
    assert trader.asked("List") == {"page_size": 500, "page_token": "2"}
    assert {one.order_id for one in trader.edge.requests["Get"]} == {
        "A1",
        "A2",
        "B2",
        "PLAIN",
        "ONE",
    }


async def test_the_file_has_the_same_rows(trader, tmp_path) -> None:
    script(trader.edge)
    file = tmp_path / "venues.csv"
    words = ("routing", "report", "--from", FROM, "--to", TO, "--csv", str(file))
    assert await trader.done(*words, "--account", "ACC-ALICE") == f"{file}: 1 table\n"
    with file.open(encoding="utf-8") as text:
        head, *rows = csv.reader(text)
    assert tuple(head) == COLUMNS
    assert [row[7:] for row in rows] == ROWS
    assert rows[0][:4] == [
        "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", "(m) Other instruments", "EUR",
    ]  # fmt: skip
    assert list(tmp_path.glob("*.partial")) == []
    assert trader.asked("List")["account_id"] == "ACC-ALICE"


async def test_the_table(trader) -> None:
    script(trader.edge)
    out = await trader.done("routing", "report", "--from", FROM, "--to", TO)
    assert "(m) Other instruments, EUR: 143615 by 3 orders" in out
    assert "54.32 %" in out
    script(trader.edge)
    nothing = await trader.done("routing", "report", "--from", "2025-01-01", "--to", "2025-02-01")
    assert nothing == "nothing was executed in this time\n"


async def test_an_instrument_that_is_not_listed_any_more_is_named(trader) -> None:
    gone = order("GONE", instrument_id="GONE.SIMA")
    trader.edge.answers["List"] = [{"orders": [gone]}]
    trader.edge.answers["Get"] = {"GONE": {"executions": [execution("SIMA", "1", "5")]}}
    code, out, errors = await trader.run("routing", "report", "--from", FROM, "--to", TO)
    assert (code, "Not known: no venue lists the instrument now" in out) == (0, True)
    assert "their class is not known" in errors


async def test_bad_options_are_named_before_anything_is_read(trader) -> None:
    for words, named in (
        (("--from", "soon"), "--from is 'soon'"),
        (("--from", TO, "--to", FROM), f"--from is '{TO}'; it should be a time before --to"),
        (("--from", FROM, "--to", TO, "--csv", "/no/such/file.csv"), "there is no folder /no/such"),
    ):
        code, _, errors = await trader.run("routing", "report", *words)
        assert (code, named in errors) == (2, True), errors
    assert "List" not in trader.edge.requests


VENUE = {
    "venue_mic": "SIMA", "since": WITHIN, "until": WITHIN + timedelta(minutes=5),
    "reason": "5 rejects of routed orders within 60 s", "rejects": 5,
}  # fmt: skip


async def test_venues_out_of_routing_are_listed_and_put_back(trader) -> None:
    trader.edge.answers["RoutingService/ListVenues"] = {
        "venues": [
            VENUE | {"out": True},
            VENUE | {"venue_mic": "SIMB"},
            VENUE | {"venue_mic": "SIMC", "put_back_at": WITHIN + timedelta(minutes=5)},
        ]
    }
    lines = (await trader.done("routing", "venues")).splitlines()
    for mic, state in (("SIMA", "OUT"), ("SIMB", "BACK"), ("SIMC", "PUT BACK")):
        (line,) = (line for line in lines if mic in line)
        assert f"{state} " in line
        assert "2027-01-15 10:00:00Z" in line
        assert "5 rejects of routed orders within 60 s" in line
    trader.edge.answers["RoutingService/PutVenueBack"] = {"venue": VENUE}
    done = await trader.done("routing", "put-back", "sima", "--reason", "mended")
    assert done == "SIMA gets routed orders again; it was out since 2027-01-15 10:00:00Z\n"
    assert trader.asked("RoutingService/PutVenueBack") == {"venue_mic": "SIMA", "reason": "mended"}
    trader.edge.answers.clear()
    assert await trader.done("routing", "venues") == "no venue was ever taken out of routing\n"
