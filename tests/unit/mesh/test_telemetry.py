"""Metrics: declared once, calculated at scrapes, without series that nobody asks for."""

import asyncio
import tomllib

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from mesh import VERSION
from mesh.telemetry import (
    counter,
    declared,
    gauge,
    metrics,
    scraped_counter,
    scraped_gauge,
)
from mesh.telemetry.parts import Dependency, Pool, PoolCollector
from mesh.telemetry.process import ProcessCollector, collected
from mesh.telemetry.scrape import Standstill
from tests.support.sources import ROOT


@pytest.fixture(autouse=True)
def own_list(monkeypatch) -> None:
    """What is declared here is not in the list of all metrics."""
    monkeypatch.setattr(metrics, "_declared", {})


def text_of(collector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_a_name_is_declared_once() -> None:
    one = counter("test_declared", "Of this test", ["a"])
    assert "ordermesh_test_declared_total" in {each.name for each in declared()}
    with pytest.raises(ValueError, match="twice"):
        counter("test_declared", "Again")
    one.labels("x").inc()
    assert "_created" not in "".join(sample.name for sample in next(iter(one.collect())).samples)


def test_scraped_values_have_their_labels() -> None:
    family = scraped_counter("test_scraped", "Of this test", ["a", "b"]).values([(("1", "2"), 3)])
    (sample,) = family.samples
    assert (sample.name, sample.labels, sample.value) == (
        "ordermesh_test_scraped_total", {"a": "1", "b": "2"}, 3,
    )  # fmt: skip
    (single,) = scraped_gauge("test_single", "Of this test").value(4.0).samples
    assert (single.name, single.value) == ("ordermesh_test_single", 4.0)
    gauge("test_gauge", "Of this test").set(1)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION


def test_a_process_shows_build_readiness_and_disk(tmp_path) -> None:
    ready = [False]
    collector = ProcessCollector(
        "svc-x", lambda: (ready[0], ""), [tmp_path, tmp_path / "not there"]
    )
    assert "ordermesh_ready 0.0" in text_of(collector)
    ready[0] = True
    text = text_of(collector)
    assert "ordermesh_ready 1.0" in text
    assert 'service="svc-x"' in text
    assert f'version="{VERSION}"' in text
    assert f'ordermesh_disk_free_bytes{{folder="{tmp_path}"}}' in text
    assert "not there" not in text


def test_a_disk_that_cannot_be_read_hides_nothing_else(tmp_path, monkeypatch) -> None:
    def usage(_path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("mesh.telemetry.process.shutil.disk_usage", usage)
    text = text_of(ProcessCollector("svc-x", lambda: (True, ""), [tmp_path]))
    assert "ordermesh_ready 1.0" in text
    assert "ordermesh_disk_free_bytes{" not in text


def test_two_replicas_in_one_process_do_not_disturb_each_other() -> None:
    def free() -> float | None:
        name = "ordermesh_postgres_pool_connections_used"
        return REGISTRY.get_sample_value(name, {"pool": "of-this-test"})

    first, second = (PoolCollector({"of-this-test": lambda n=n: Pool(8, n, n)}) for n in (1, 2))
    with collected(first):
        with collected(second):
            assert free() == 1
        assert free() == 1
        with collected(second):
            pass
    assert free() is None
    with collected(second):
        assert free() == 2


def test_pools_show_what_is_lent_out() -> None:
    text = text_of(PoolCollector({"read": lambda: Pool(8, 3, 2)}))
    assert 'ordermesh_postgres_pool_connections_max{pool="read"} 8.0' in text
    assert 'ordermesh_postgres_pool_connections_open{pool="read"} 3.0' in text
    assert 'ordermesh_postgres_pool_connections_used{pool="read"} 2.0' in text


async def test_a_dependency_is_up_while_its_exchanges_work() -> None:
    def value() -> float | None:
        name = "ordermesh_dependency_up"
        return REGISTRY.get_sample_value(name, {"dependency": "of-this-test"})

    one = Dependency("of-this-test")
    assert value() is None, "nothing is known of it"
    with one.exchange():
        await asyncio.sleep(0)
    assert value() == 1
    with pytest.raises(TimeoutError), one.exchange():
        raise TimeoutError
    assert value() == 0
    for answer in (True, False):
        assert await one.answers(asyncio.sleep(0, answer)) is answer
        assert value() == answer


def test_a_standstill_lasts_while_something_waits_and_nothing_is_taken() -> None:
    now = [0.0]
    one = Standstill(lambda: now[0])

    def after(seconds: float, waiting: int, progress: int) -> float:
        now[0] += seconds
        return one.seconds("q", waiting, progress)

    assert after(0, 3, 1) == 0
    assert after(5, 3, 1) == 5
    assert after(5, 9, 1) == 10
    assert after(5, 9, 2) == 0, "some were taken"
    assert after(5, 9, 2) == 5
    assert after(5, 0, 2) == 0, "nothing waits"
    assert after(5, 1, 2) == 0, "it has just come"
    assert after(1, 1, 2) == 1
