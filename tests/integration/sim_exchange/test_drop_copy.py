"""The drop-copy session of a client: a copy of every report, whatever is killed between."""

import pytest

from tests.support.sim_exchange import SOH, FixClient, pairs
from tests.support.sim_process import SimProcess


def reports(client: FixClient) -> list[dict[str, str]]:
    fields = [dict(pairs(text)) for text in client.messages]
    return [one for one in fields if one["35"] == "8"]


def asked_again(client: FixClient, begin: int) -> None:
    client.send("2", f"7={begin}{SOH}16=0")
    client.ping(f"from {begin}")


@pytest.fixture
def venue(tmp_path):
    with SimProcess(tmp_path, "--no-agents", "--clients", "ORDERMESH,OTHER") as running:
        yield running


def test_a_copy_of_every_report_of_its_own_client_only(venue) -> None:
    client, other = venue.client(), venue.client("OTHER")
    client.order("A-1")
    client.report("A-1", "0")
    copy = venue.client("ORDERMESH-DC")
    client.order("A-2", price="99")
    other.order("O-1", side="5", quantity="40", tif="3")
    other.report("O-1", "F")
    client.replace("A-3", "A-2", quantity="60", price="99")
    client.cancel("A-4", "A-3")
    client.report("A-4", "4")
    client.status("A-1")
    copy.report("A-4", "4")
    copied = reports(copy)
    # A-1 came before the copy was ever taken; its fill comes as all that came since.
    assert [(one["11"], one["150"]) for one in copied] == [
        ("A-2", "0"),
        ("A-1", "F"),
        ("A-3", "5"),
        ("A-4", "4"),
    ]
    own = {one["17"]: one for one in reports(client)}
    for one in copied:
        assert one["797"] == "Y"
        same = own[one["17"]]
        assert {tag: one[tag] for tag in same if tag not in ENVELOPE} == {
            tag: same[tag] for tag in same if tag not in ENVELOPE
        }


ENVELOPE = {"8", "9", "10", "34", "49", "52", "56"}


def test_it_is_read_only_and_goes_on(venue) -> None:
    copy, client = venue.client("ORDERMESH-DC"), venue.client()
    copy.order("X-1")
    reject = copy.wait("j")
    assert (reject["372"], reject["380"], reject["379"]) == ("D", "6", "X-1")
    assert "read-only" in reject["58"]
    copy.cancel("X-2", "X-1")
    assert copy.wait("j")["380"] == "6"
    assert client.status("X-1")["37"] == "NONE"
    client.order("Y-1")
    copy.report("Y-1", "0")


def test_what_came_while_it_was_away_comes_by_number(venue) -> None:
    copy, client = venue.client("ORDERMESH-DC"), venue.client()
    client.order("A-1")
    copy.report("A-1", "0")
    last = int(reports(copy)[-1]["34"])
    copy.close()
    for number in range(5):
        client.cancel(f"C-{number}", f"A-{number + 1}")
        client.order(f"A-{number + 2}")
    client.report("A-6", "0")
    again = venue.client("ORDERMESH-DC", next_out=copy.next_out)
    asked_again(again, last + 1)
    missed = [(one["11"], one["150"], one["43"]) for one in reports(again)]
    expected = [
        pair
        for number in range(5)
        for pair in ((f"C-{number}", "4", "Y"), (f"A-{number + 2}", "0", "Y"))
    ]
    assert missed == expected


def test_kill_under_load_loses_no_copy(tmp_path) -> None:
    """After the restart the copy reports each execution and each end, once, as the orders do."""
    flags = ("--no-agents", "--clients", "ORDERMESH,OTHER")
    first = SimProcess(tmp_path, *flags)
    copy, client, other = (first.client(name) for name in ("ORDERMESH-DC", "ORDERMESH", "OTHER"))
    client.order("rests", price="90")
    orders = 300
    for number in range(orders):
        client.order(f"{number}", quantity=str(1 + number % 7))
        if number == 0:
            client.report("0", "0")  # it rests before the other side comes
        other.order(f"{number}", side="5", quantity=str(1 + number % 5), tif="3")
        if number == 0:
            copy.report("0", "F")
    # The kernel still holds part of what was sent: the venue dies in the middle of it.
    first.process.kill()
    first.process.wait()
    for one in (copy, client):
        one.drain()
    first.kill()

    with SimProcess(tmp_path, *flags, port=first.port) as second:
        again, orders_again = (
            second.client(one.comp_id, next_out=one.next_out) for one in (copy, client)
        )
        reported = []
        for before, now in ((copy, again), (client, orders_again)):
            last = max((int(dict(pairs(text))["34"]) for text in before.messages), default=0)
            asked_again(now, last + 1)
            reported.append(facts(reports(before) + reports(now)))
        assert reported[0] == reported[1]
        assert {kind for _, kind, *_ in reported[0].values()} >= {"F", "4"}
        # No second start reports it again, and it goes on.
        orders_again.order("after")
        assert again.report("after", "0")["797"] == "Y"
    with SimProcess(tmp_path, *flags, port=first.port) as third:
        assert "0 reports sent late" in third.ready_line


def facts(reported: list[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """By ExecID(17) what must not get lost: executions, and how orders ended."""
    return {
        one["17"]: (one["11"], one["150"], one["14"], one["151"], one.get("32", ""))
        for one in reported
        if one["150"] in {"F", "4", "5", "C"}
    }


def test_the_last_copy_before_a_kill_is_sent_late_with_its_own_name(tmp_path) -> None:
    """Killed between the client's store and the copy's: the copy's store is cut to be so."""
    with SimProcess(tmp_path, "--no-agents") as first:
        copy, client = first.client("ORDERMESH-DC"), first.client()
        client.order("A-1")
        client.cancel("A-2", "A-1")
        cancelled = copy.report("A-2", "4")
        first.process.kill()
        first.process.wait()
    body = tmp_path / "SIMA" / "fix" / "FIX.4.4-SIMA-ORDERMESH-DC.body"
    stored = body.read_bytes()
    body.write_bytes(stored[: stored.rindex(b"8=FIX.4.4")])
    with SimProcess(tmp_path, "--no-agents", port=first.port) as second:
        again = second.client("ORDERMESH-DC", next_out=copy.next_out)
        again.send("2", f"7={int(cancelled['34']) + 1}{SOH}16=0")
        late = again.report("A-2", "4")
        assert (late["17"], late["97"], late["797"]) == (cancelled["17"], "Y", "Y")
