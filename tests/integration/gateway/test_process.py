"""The gateway as the process it is: kill -9 between receipt and durability, SIGTERM, bad files."""

import asyncio
import signal
import subprocess

import pytest

from conformance.scripted_venue import accepted, order_status, report
from mesh.settings import child_environment
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from tests.support.forked import Forked
from tests.support.gateway_bench import Bench, command
from tests.support.ports import free_port
from tests.support.waiting import until


def environment(bench: Bench) -> dict[str, str]:
    settings = bench.settings()
    keys = ("gateway_sessions_file", "gateway_store_dir", "oms_target", "marketdata_target",
            "tls_cert", "tls_key", "tls_ca")  # fmt: skip
    values = {f"ORDERMESH_{key.upper()}": str(getattr(settings, key)) for key in keys}
    return child_environment({**values, "ORDERMESH_OPS_BIND": f"127.0.0.1:{free_port()}"})


def launch(bench: Bench) -> Forked:
    return Forked("svc_gateway", (), environment(bench), stderr=subprocess.PIPE)


async def end(process: Forked, number: signal.Signals) -> int:
    process.send_signal(number)
    await asyncio.to_thread(process.communicate)
    return process.returncode


async def test_kill_9_loses_no_report_and_sends_no_order_twice(bench: Bench) -> None:
    bench.venue.on("D", lambda o: [accepted(o)])
    bench.venue.on("H", lambda h: [order_status(h)])
    gateway = launch(bench)
    try:
        await bench.oms.until_up()
        bench.oms.command(command(1))
        request = await bench.venue.received("D")
        await bench.oms.until_reports(1)
        # From here on the OMS makes nothing durable, neither reports nor receipts.
        bench.oms.acknowledge = bench.oms.keep_receipts = False
        bench.oms.command(command(2))
        await bench.venue.received("D")
        for number in range(1, 6):
            bench.venue.send(report(request, f"F{number}", "F", "1", t32="1", t31="650"))
        await until(lambda: sum(len(f.messages) for f in bench.oms.frames) >= 7, "reports came")
        await end(gateway, signal.SIGKILL)
        bench.oms.acknowledge = bench.oms.keep_receipts = True
        bench.oms.command(command(3))
        gateway = launch(bench)
        await bench.oms.until_reports(9)
    finally:
        await end(gateway, signal.SIGKILL)
    execution_ids = [r.exec_id for r in bench.oms.reports()]
    assert execution_ids[2:7] == [f"F{number}" for number in range(1, 6)]
    assert len(set(execution_ids)) == len(execution_ids)
    assert [m["11"][:26] for m in bench.venue.of_type("D")] == [
        c.order_id for c in bench.oms.outbox
    ]
    assert [r.outcome for r in bench.oms.receipts[-2:]] == [
        link.COMMAND_OUTCOME_IN_DOUBT, link.COMMAND_OUTCOME_SENT,
    ]  # fmt: skip


async def test_sigterm_logs_out_and_ends_with_0(bench: Bench) -> None:
    gateway = launch(bench)
    await bench.oms.until_up()
    assert await end(gateway, signal.SIGTERM) == 0
    await until(lambda: any(m["35"] == "5" for m in bench.venue.admin), "the venue got a logout")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("hartbeat_s", 5, "sessions[0].hartbeat_s: unknown key; allowed here: begin_string"),
        ("port", 0, "sessions[0].port: Input should be greater than or equal to 1 (was 0)"),
        ("dialect", {"md_deep": 1}, "sessions[0].dialect.md_deep: unknown key; allowed here: "),
    ],
)
async def test_a_wrong_file_ends_the_process_in_words(bench: Bench, key, value, said) -> None:
    bench.sessions = [bench.order_session(**{key: value})]
    gateway = launch(bench)
    _, words = await asyncio.to_thread(gateway.communicate)
    assert gateway.returncode == 2
    assert said in words
    assert "venues.yaml" in words
