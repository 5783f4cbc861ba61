import json
import math

from bench import report
from bench.machine import Machine
from bench.measure import Figure, find, percentile

MACHINE = Machine("a CPU", 2, 23.5, "Linux 6", "3.11.7", load_before=0.1)


def figures():
    return [
        Figure("quickfix pair, round trips", "orders/s", [10_000, 8_000, 9_000]),
        Figure("quickfix pair, ping-pong p50", "ms", [0.3]),
        Figure("grpc echo, ping-pong p50", "ms", [0.4]),
        Figure("postgres, 1 rows a commit: commits", "commits/s", [2_000]),
        Figure("orders, direct", "orders/s", [4_500]),
        Figure("place to venue-acknowledged, streamed back, p50", "ms", [4.2]),
        Figure("bare fan-out to 100, mTLS", "updates/s", [1_000]),
        Figure("svc_marketdata to 100, EVERY_EVENT", "updates/s", [690]),
    ]


def test_ratios_compare_medians_with_the_aims():
    found = {ratio.name: (round(ratio.value, 3), ratio.met) for ratio in report.ratios(figures())}
    assert found == {
        "order path, direct": (0.5, True),
        # 0.8 + 1.0 + 0.3 ms of bare hops
        "place to acknowledged, p50": (2.0, True),
        "fan-out to 100": (0.69, False),
    }


def test_what_was_not_measured_is_not_compared():
    assert report.ratios([]) == []


def test_a_run_is_written_for_people_and_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    path = report.write(figures(), MACHINE, quick=True)
    text = path.read_text("utf-8")
    assert "smoke run" in text
    assert "| order path, direct | 0.50 | ≥ 0.50 | met |" in text
    content = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert content["machine"]["cores"] == 2
    assert content["figures"][0]["median"] == 9_000
    assert content["quick"]


def test_a_busy_machine_is_named():
    assert "quiet" in MACHINE.sentence()
    busy = Machine("a CPU", 2, 23.5, "Linux 6", "3.11.7", load_before=3.0)
    assert "BUSY" in busy.sentence()


def test_percentiles_and_spread():
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 50) == 51
    assert percentile(values, 99) == 100
    assert math.isnan(percentile([], 50))
    assert Figure("x", "s", [1, 2, 3]).spread == 0.5
    assert find([], "x") is None


def test_numbers_have_three_digits_that_mean_something():
    assert [report.number(v) for v in (1234.5, 12.34, 1.234, math.nan)] == [
        "1,234",
        "12.3",
        "1.23",
        "-",
    ]
