"""`ordermesh doctor` and `ordermesh top`: what they say of given facts."""

import json
import math
import shutil
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mesh import VERSION
from meshctl.main import app
from meshctl.watch import machine
from meshctl.watch.findings import Level, of_disk, of_metrics, of_owners, of_processes, of_versions
from meshctl.watch.scrape import Scrape, parsed, quantile, rate, scrapes
from meshctl.watch.top import page, seconds
from tests.support.ports import free_port
from tests.support.sources import ROOT

GIB = 1024**3
OMS = """\
# TYPE ordermesh_build_info gauge
ordermesh_build_info{service="svc-oms",version="%s",python="3.11"} 1.0
# TYPE ordermesh_dependency_up gauge
ordermesh_dependency_up{dependency="postgres"} %s
ordermesh_dependency_up{dependency="redis"} 0.0
# TYPE ordermesh_oms_queue_items gauge
ordermesh_oms_queue_items 7.0
# TYPE ordermesh_oms_queue_standstill_seconds gauge
ordermesh_oms_queue_standstill_seconds %s
# TYPE ordermesh_oms_commands_total counter
ordermesh_oms_commands_total{kind="place",outcome="taken"} %s
ordermesh_oms_commands_total{kind="cancel",outcome="taken"} 5.0
"""
GATEWAY = """\
# TYPE ordermesh_gateway_session_owner gauge
ordermesh_gateway_session_owner{session="sima-orders"} %s
# TYPE ordermesh_gateway_session_state gauge
ordermesh_gateway_session_state{session="sima-orders"} %s
ordermesh_gateway_session_state{session="sima-prices"} 3.0
# TYPE ordermesh_gateway_next_sender_seq_num gauge
ordermesh_gateway_next_sender_seq_num{session="sima-orders"} 41.0
# TYPE ordermesh_gateway_next_target_seq_num gauge
ordermesh_gateway_next_target_seq_num{session="sima-orders"} 17.0
# TYPE ordermesh_gateway_clock_skew_alarm gauge
ordermesh_gateway_clock_skew_alarm{session="sima-orders"} %s
"""


def oms(*, version=VERSION, postgres=1, standstill=0, placed=10, at_s=0.0):
    return parsed("oms", OMS % (version, postgres, standstill, placed), at_s)


def gateway(*, owner=1, state=3, skew=0):
    return parsed("gateway", GATEWAY % (owner, state, skew))


def levels(found) -> dict[str, Level]:
    return {one.text: one.level for one in found}


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (GIB - 1, 2 * GIB, 2),
        (GIB, 100 * GIB, 1),
        (14 * GIB, 100 * GIB, 1),
        (15 * GIB, 100 * GIB, 0),
    ],
)
def test_a_disk_is_judged_by_its_free_bytes_and_share(free, total, level) -> None:
    assert of_disk("/x", free, total).level == level


@pytest.mark.parametrize(
    ("row", "level", "text"),
    [
        ({}, 0, "ready"),
        ({"ready": False, "text": "database unreachable"}, 2, "database unreachable"),
        ({"ready": False, "state": "restarting"}, 2, "it is restarting and does not answer"),
        ({"text": "LAGGING: 3 entries wait"}, 1, "LAGGING: 3 entries wait"),
        ({"restarts": 3}, 1, "it was started again 3 times"),
    ],
)
def test_a_process_is_judged_as_status_has_it(row, level, text) -> None:
    whole = {"name": "oms", "state": "ready", "ready": True, "text": "", "restarts": 0, **row}
    (found,) = of_processes([whole])
    assert (found.level, found.text) == (level, text)
    assert bool(found.do) == bool(level)


def test_another_version_is_named() -> None:
    assert of_versions(VERSION, [oms()]).level is Level.GOOD
    found = of_versions(VERSION, [oms(version="0.0.9"), gateway()])
    assert found.level is Level.ODD
    assert "oms 0.0.9" in found.text


def test_what_a_process_measures_is_judged() -> None:
    assert levels(of_metrics(oms())) == {"redis does not answer it": Level.ODD}
    bad = levels(of_metrics(oms(postgres=0, standstill=9)))
    assert bad["postgres does not answer it"] is Level.WRONG
    assert bad["commands wait for 9 s and none is worked"] is Level.WRONG


@pytest.mark.parametrize(
    ("facts", "worst"),
    [
        ({}, 0),
        ({"state": 1}, 2),
        ({"state": 2}, 2),
        ({"skew": 1}, 2),
        ({"owner": 0, "state": 1}, 0),
    ],
)
def test_sessions_are_judged_where_they_are_owned(facts, worst) -> None:
    found = [one for one in of_metrics(gateway(**facts)) if one.about == "session sima-orders"]
    assert max((one.level for one in found), default=0) == worst
    if facts.get("owner", 1):
        assert "41 out, 17 in" in found[0].text


@pytest.mark.parametrize(
    ("state", "error_us", "level"),
    [(0, 20_000, 0), (0, 100_001, 1), (5, 16_000_000, 1), (-1, 0, 1)],
)
def test_the_clock_is_judged_by_what_the_kernel_says(state, error_us, level) -> None:
    assert machine.judged_clock(state, error_us).level == level


def test_the_kernel_says_something_of_the_clock() -> None:
    assert machine.clock().about == "clock"


def test_a_missing_program_of_choice_is_named_with_the_line_that_installs_it(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    found = {one.about: one for one in machine.programs(ROOT)}
    assert found["prometheus"].level is Level.GOOD
    assert "apt-get install" in found["prometheus"].text


def test_rates_and_quantiles_are_of_the_time_between() -> None:
    before, now = oms(placed=10, at_s=1.0), oms(placed=30, at_s=3.0)
    assert rate(before, now, "ordermesh_oms_commands_total") == 10.0
    assert rate(now, before, "ordermesh_oms_commands_total") == 0.0
    text = (
        '# TYPE h histogram\nh_bucket{le="0.1"} %d\nh_bucket{le="1.0"} %d\nh_bucket{le="+Inf"} %d\n'
    )
    first, second = parsed("x", text % (5, 5, 5)), parsed("x", text % (5, 9, 10))
    assert quantile(None, first, "h", 0.99) == 0.1
    assert quantile(first, second, "h", 0.5) == 1.0
    assert quantile(first, second, "h", 0.99) == math.inf
    assert math.isnan(quantile(second, second, "h", 0.5))
    assert [seconds(x) for x in (math.nan, math.inf, 0.00005, 0.025, 2.5)] == [
        "-", "more", "50 µs", "25 ms", "2.5 s",
    ]  # fmt: skip


def test_top_shows_processes_orders_and_sessions() -> None:
    console = Console(width=160)
    before = {"oms": oms(placed=10, at_s=1.0)}
    with console.capture() as captured:
        console.print(page(before, {"oms": oms(placed=30, at_s=3.0), "gateway": gateway(owner=0)}))
    text = captured.get()
    assert "10.0" in text
    assert "standby" in text
    assert "sima-prices" in text


async def test_a_process_that_does_not_answer_is_shown_as_not_ready() -> None:
    port = free_port()
    state = {"processes": [{"name": "oms"}, {"name": "redis"}], "ports": {"oms_ops": port}}
    (one,) = await scrapes(state)
    assert (one.process, one.samples) == ("oms", {})
    console = Console(width=200)
    with console.capture() as shown:
        console.print(page({"oms": oms(at_s=0.0)}, {"oms": one}))
    assert any(row.split()[:2] == ["oms", "no"] for row in shown.get().splitlines() if row)
    assert rate(Scrape("oms"), oms(at_s=2.0), "ordermesh_oms_commands_total") == 0, "it is back"


def test_a_session_that_no_gateway_has_is_wrong() -> None:
    assert levels(of_owners([gateway(owner=0), gateway(owner=0)])) == {
        "no gateway has it": Level.WRONG
    }
    assert list(of_owners([gateway(owner=0), gateway(owner=1), oms()])) == []


def test_doctor_says_what_is_wrong_and_ends_with_4(tmp_path, monkeypatch) -> None:
    usage = SimpleNamespace(total=100 * GIB, free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    done = CliRunner().invoke(app, ["doctor", "--json", "--home", str(tmp_path)])
    assert done.exit_code == 4
    said = json.loads(done.stdout)
    assert said["wrong"]
    (disk,) = [one for one in said["findings"] if one["about"] == "disk"]
    assert disk["level"] == "WRONG"
    assert "make room" in disk["do"]


def test_top_needs_a_mesh(tmp_path) -> None:
    done = CliRunner().invoke(app, ["top", "--home", str(tmp_path)])
    assert done.exit_code == 4
    assert "`ordermesh up` starts one" in done.output
