"""`ordermesh topics apply`, `ordermesh events tail` and the consumer of docs/EVENTS.md."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.topics import FILE, TopicsError, read_topics
from mesh.settings import child_environment
from meshctl.stack.servers.kafka.topics import apply_topics
from tests.support.forked import run_forked
from tests.support.waiting import wait_for

EVENTS = Path(__file__).parents[3] / "docs" / "EVENTS.md"


@pytest.fixture
def ordermesh(kafka_server, topic_prefix):
    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "ORDERMESH_HOME": str(kafka_server.home.root),
            "ORDERMESH_KAFKA_BOOTSTRAP": kafka_server.bootstrap,
            "ORDERMESH_KAFKA_TOPIC_PREFIX": topic_prefix,
            **settings,
        }
        return run_forked("meshctl", words, child_environment(environment))

    return run


def changed(tmp_path: Path, topic: str, **fields: object) -> Path:
    given = yaml.safe_load(FILE.read_text("utf-8"))
    given["topics"].setdefault(topic, dict(given["topics"]["orders"])).update(fields)
    file = tmp_path / "topics.yaml"
    file.write_text(yaml.safe_dump(given))
    return file


def test_topics_are_made_and_changed_and_never_moved(
    ordermesh, kafka_server, topic_prefix, tmp_path
):
    words = ("topics", "apply", "--replication", "1", "--file")
    assert ordermesh(*words[:-1]).stdout == "", "they are as the file says"
    done = ordermesh(*words, str(changed(tmp_path, "more", retention_days=2)))
    assert done.stdout == f"{topic_prefix}more made\n"
    done = ordermesh(*words, str(changed(tmp_path, "more", retention_days=3)))
    assert done.stdout == f"{topic_prefix}more changed\n"
    done = ordermesh(*words, str(changed(tmp_path, "orders", partitions=13)))
    assert done.returncode == 3
    assert "topics.orders.partitions: is 13, should be 12" in done.stderr
    done = ordermesh(*words, str(changed(tmp_path, "orders", partitions=0)))
    assert done.returncode == 2
    assert "topics.orders.partitions: is 0, should be a whole number from 1" in done.stderr
    with pytest.raises(TopicsError, match=r"topics\.orders: .*[Rr]eplication"):
        list(apply_topics(kafka_server.admin, "others.", read_topics(), 3))


async def test_events_can_be_followed(ordermesh, writer, relay):
    await writer.accounts(["ACC-A", "ACC-B"])
    await writer.write(["ACC-A", "ACC-B"], each=2)
    relay().wait_for("RELAYING")
    words = ("events", "tail", "--topic", "orders", "--from-beginning", "--key", "ACC-B")
    done = ordermesh(*words, "--limit", "2")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["key"], line["sequence"]) for line in lines] == [("ACC-B", 1), ("ACC-B", 2)]
    assert lines[0]["schema"] == "ordermesh.oms.v1.OrderEvent"
    assert lines[0]["value"]["account_id"] == "ACC-B"
    done = ordermesh("events", "tail", "--topic", "states", "--from-beginning", "--limit", "1")
    assert json.loads(done.stdout)["value"][0] == "accounts"
    wrong = ordermesh("events", "tail", "--topic", "order")
    assert wrong.returncode == 2
    assert "should be one of orders" in wrong.stderr.replace("\n", " ")


async def test_the_consumer_of_the_page_runs(kafka_server, topic_prefix, writer, relay, tmp_path):
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"], each=2)
    relay().wait_for("RELAYING")
    (program,) = re.findall(r"```python\n(.*?)```", EVENTS.read_text("utf-8"), re.DOTALL)
    program = (
        program.replace("127.0.0.1:26092", kafka_server.bootstrap)
        .replace(".ordermesh/tls", str(kafka_server.home.tls))
        .replace("ordermesh.orders", f"{topic_prefix}orders")
        .replace("my-reader", f"{topic_prefix}reader")
    )
    assert program.count("\n") <= 24
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=file)
    try:
        wait_for(lambda: output.read_text().count("\n") == 2, "it prints two events", 60)
    finally:
        process.kill()
        await process.wait()
    assert [line.split()[:2] for line in output.read_text().splitlines()] == [
        ["ACC-A", "1"],
        ["ACC-A", "2"],
    ]
