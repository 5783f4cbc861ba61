"""kill -9 of the venue: what was reported to clients stays true."""

import signal

from tests.support.sim_exchange import SOH, pairs
from tests.support.sim_process import SimProcess


def fields(text: str) -> dict[str, str]:
    return dict(pairs(text))


def test_open_orders_are_cancelled_names_remembered_and_fills_resent(tmp_path) -> None:
    flags = ("--no-agents", "--clients", "ORDERMESH,OTHER")
    first = SimProcess(tmp_path, *flags)
    client = first.client()
    other = first.client("OTHER")
    client.order("A-1", quantity="100")
    client.report("A-1", "0")
    client.order("B-1", price="99", tif="1")
    client.report("B-1", "0")
    client.order("C-1", price="98", tif="3")
    client.report("C-1", "4")
    client.close()
    # Filled while the client is away: the report waits in the FIX store.
    other.order("S-1", side="2", quantity="40", tif="3")
    sold = other.report("S-1", "F")
    first.kill()

    with SimProcess(tmp_path, *flags, port=first.port) as second:
        assert second.ready_line.endswith("2 orders cancelled, 0 reports sent late")
        again = second.client(next_out=client.next_out)
        logon = fields(again.messages[0])
        again.send("2", f"7={5 + 1}{SOH}16=0")
        fill = again.report("A-1", "F")
        assert (fill["43"], fill["32"], fill["151"]) == ("Y", "40", "60")
        cancelled = {
            report["11"]: report
            for report in (again.wait("8", lambda f: f["150"] == "4") for _ in range(2))
        }
        assert set(cancelled) == {"A-1", "B-1"}
        assert (cancelled["A-1"]["14"], cancelled["A-1"]["151"]) == ("40", "0")
        assert cancelled["B-1"]["58"] == "venue restarted"
        assert int(logon["34"]) > 6
        # ExecIDs never repeat, whatever was in flight.
        assert sold["17"].startswith("SIMA-1-E")
        assert cancelled["B-1"]["17"].startswith("SIMA-2-E")
        statuses = {name: again.status(name) for name in ("A-1", "B-1", "C-1", "N-1")}
        assert {name: one["39"] for name, one in statuses.items()} == {
            "A-1": "4",
            "B-1": "4",
            "C-1": "4",
            "N-1": "8",
        }
        assert (statuses["A-1"]["14"], statuses["A-1"]["6"]) == ("40", "100")
        again.order("A-1")
        assert again.report("A-1", "8")["103"] == "6"
        again.order("D-1")
        assert again.report("D-1", "0")["37"].startswith("SIMA-2-")


def test_report_that_never_reached_the_fix_store_is_sent_after_the_restart(tmp_path) -> None:
    """Killed between journal and store: the store's end is cut off here to be that state."""
    with SimProcess(tmp_path, "--no-agents") as first:
        client = first.client()
        client.order("A-1", tif="0")
        client.report("A-1", "0")
        client.cancel("A-2", "A-1")
        cancelled = client.report("A-2", "4")
        seen = client.next_out
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    body = tmp_path / "SIMA" / "fix" / "FIX.4.4-SIMA-ORDERMESH.body"
    stored = body.read_bytes()
    body.write_bytes(stored[: stored.rindex(b"8=FIX.4.4")])
    with SimProcess(tmp_path, "--no-agents", port=first.port) as second:
        again = second.client(next_out=seen)
        again.send("2", f"7={int(cancelled['34']) + 1}{SOH}16=0")
        late = again.report("A-2", "4")
        assert (late["17"], late["97"]) == (cancelled["17"], "Y")


def test_kill_under_load_leaves_one_truth(tmp_path) -> None:
    """Two clients trade while the venue is killed; afterwards reports and statuses agree."""
    flags = ("--no-agents", "--clients", "ORDERMESH,OTHER")
    first = SimProcess(tmp_path, *flags)
    clients = {name: first.client(name) for name in ("ORDERMESH", "OTHER")}
    orders = 400
    for number in range(orders):
        for client, side in zip(clients.values(), ("1", "2"), strict=True):
            client.order(f"{number}", side=side, quantity=str(1 + number % 7))
            if number % 10 == 0:
                client.cancel(f"{number}c", f"{number}", side=side)
        if number == 0:
            clients["OTHER"].report("0", "0")
    # The kernel still holds part of what was sent: the venue dies in the middle of it.
    first.process.kill()
    first.process.wait()
    seen = {name: client.drain() for name, client in clients.items()}
    first.kill()

    with SimProcess(tmp_path, *flags, port=first.port) as second:
        for name, before in clients.items():
            last = max((int(fields(text)["34"]) for text in seen[name]), default=0)
            client = second.client(name, next_out=before.next_out)
            client.send("2", f"7={last + 1}{SOH}16=0")
            client.ping("done")
            texts = seen[name] + client.messages
            reports = {
                report["17"]: report
                for report in map(fields, texts)
                if report["35"] == "8" and report["150"] != "I"
            }
            for number in range(orders):
                check_order(client.status(f"{number}"), reports, f"{number}")


def check_order(status: dict[str, str], reports: dict[str, dict[str, str]], name: str) -> None:
    """The status is what the reports add up to; an order never reported is closed or unknown."""
    if status["37"] == "NONE":
        assert all(report["11"] != name for report in reports.values())
        return
    mine = [report for report in reports.values() if report["37"] == status["37"]]
    filled = sum(int(report["32"]) for report in mine if report["150"] == "F")
    assert filled == int(status["14"])
    assert status["39"] in {"2", "4"}
    assert [report["150"] for report in mine].count("4") == (status["39"] == "4")


def test_clean_stop_leaves_nothing_open_either(tmp_path) -> None:
    with SimProcess(tmp_path, "--no-agents") as first:
        client = first.client()
        client.order("A-1")
        client.report("A-1", "0")
        first.process.terminate()
        assert client.wait("5")["35"] == "5"
        client.send("5", "58=bye")
        assert first.process.wait(20) == 0
    with SimProcess(tmp_path, "--no-agents", port=first.port) as second:
        assert "1 orders cancelled" in second.ready_line


def test_bad_settings_and_files_are_one_line(tmp_path) -> None:
    for flags, problem in (
        (("--mic", "x"), "sim_mic"),
        (("--replay", "none.csv", "--replay-symbol", "SAP"), "none.csv: No such file"),
        (("--replay", "a-b_c.csv"), "--replay-symbol"),
    ):
        try:
            SimProcess(tmp_path, *flags)
        except AssertionError as error:
            assert problem in str(error)
            assert "Traceback" not in str(error)
        else:
            raise AssertionError(f"{flags} were taken")
