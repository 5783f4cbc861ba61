"""What the archive has is what Kafka has under read_committed: each record once, whatever fails."""

import asyncio
import random
import subprocess
import sys

import pytest

from mesh.settings import child_environment
from tests.support.archive import archived, in_archive, in_kafka, seen_by
from tests.support.gateway_process import Disk
from tests.support.waiting import wait_for

ACCOUNTS = [f"ACC-{number:02}" for number in range(8)]
MEMORY_MAX = 300_000_000
DISK_BYTES = 8 << 20


def ordermesh(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "meshctl", *words],
        env=child_environment({}), capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


async def test_every_record_is_archived_once(kafka_server, topic_prefix, place, archive, events):
    events.write(ACCOUNTS, each=3)
    one = archive()
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, place, 24)
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 32)
    assert one.figures()['ordermesh_archive_records_total{topic="orders"}'] == 32
    second = archive("second")
    second.wait_for("STANDBY")
    one.stop()
    second.wait_for("ARCHIVING")
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 40)
    done = ordermesh("archive", "verify", str(place))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 entries in" in done.stdout
    assert done.stdout.endswith("no difference\n")
    held = ordermesh("archive", "hold", "--account", "ACC-01", "--reason", "case 7", str(place))
    assert "account ACC-01" in held.stdout, "while the archiver runs"
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 48)


async def test_it_has_another_mesh_s_archive_or_another_cluster(
    kafka_server, topic_prefix, place, archive, events, tmp_path
):
    events.write(ACCOUNTS)
    first = archive()
    await archived(kafka_server, topic_prefix, place, 8)
    first.stop()
    kafka_server.make_topics(f"{topic_prefix}other.")
    other = archive("other", prefix=f"{topic_prefix}other.")
    text = other.wait_for("WRONG_ARCHIVE")
    assert f"topics {topic_prefix}*" in text
    assert other.state()[0] == 503
    assert other.figures()['ordermesh_archive_state{state="WRONG_ARCHIVE"}'] == 1
    away = archive("away", tmp_path / "new", KAFKA_CLUSTER_ID="another")
    away.wait_for("WRONG_CLUSTER")
    none = archive("none", tmp_path / "none", prefix="none.")
    assert "ordermesh topics apply" in none.wait_for("TOPIC_MISSING")


@pytest.mark.long
async def test_kafka_is_away_and_comes_back(kafka_server, topic_prefix, place, archive, events):
    events.write(ACCOUNTS)
    one = archive()
    await archived(kafka_server, topic_prefix, place, 8)
    kafka_server.kill()
    one.wait_for("KAFKA_AWAY")
    kafka_server.start()
    one.wait_for("ARCHIVING")
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 16)


async def test_the_disk_is_full_or_read_only_until_there_is_room(
    kafka_server, topic_prefix, tmp_path, archive, events
):
    place = tmp_path / "disk" / "archive"
    disk = Disk(DISK_BYTES)
    one = archive("one", place, disk=disk)
    one.wait_for("ARCHIVING")
    inside = seen_by(one, place)
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, inside, 8)
    disk.fill()
    events.write(ACCOUNTS, size=8_000)
    text = one.wait_for("STORE_FULL")
    assert "ENOSPC" in text
    assert str(place) in text
    assert one.figures()["ordermesh_archive_lag_seconds"] > 0
    disk.empty()
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, inside, 16)
    disk.remount("ro")
    events.write(ACCOUNTS)
    assert "EROFS" in one.wait_for("STORE_READ_ONLY")
    disk.remount("rw")
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, inside, 24)


@pytest.mark.long
async def test_it_is_killed_again_and_again(kafka_server, topic_prefix, place, archive, events):
    one = archive(ARCHIVE_FILE_AGE_S="0.02")
    chance = random.Random(7)
    for _ in range(10):
        await asyncio.to_thread(events.write, chance.sample(ACCOUNTS, 4), 20)
        one.wait_for("ARCHIVING")
        # Any instant: in a file, between a file and its entry, in an entry.
        await asyncio.sleep(chance.random() * 0.3)
        one.kill()
        one.start()
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, place, events.count)
    assert events.count == 10 * 80


@pytest.mark.long
async def test_memory_is_bounded_whatever_waits(kafka_server, topic_prefix, place, archive, events):
    for _ in range(20):
        await asyncio.to_thread(events.write, ACCOUNTS, 12, 100_000)
    count = 20 * 8 * 12
    one = archive()
    name = 'ordermesh_archive_records_total{topic="orders"}'
    wait_for(lambda: one.state()[0] == 200, "it archives", 60)
    wait_for(lambda: one.figures().get(name) == count, "all is archived", 120)
    assert one.memory_peak() < MEMORY_MAX, one.memory_peak()
    assert in_archive(place) == in_kafka(kafka_server, topic_prefix)
