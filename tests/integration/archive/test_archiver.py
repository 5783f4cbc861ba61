"""What the archive has is what Kafka has under read_committed: each record once, whatever fails."""

import asyncio
import random
import time

import pytest

from event_archive.manifest import contents, present_files
from event_archive.stores import open_store
from tests.support.archive import archived, in_archive

ACCOUNTS = [f"ACC-{number:02}" for number in range(8)]


async def test_every_record_is_archived_once(kafka_server, topic_prefix, place, archive, events):
    events.write(ACCOUNTS, each=3)
    one = archive()
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, place, 24)
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 32)
    assert one.figures()['ordermesh_archive_records_total{topic="orders"}'] == 32
    one.stop()
    again = archive("again")
    again.wait_for("ARCHIVING")
    events.write(ACCOUNTS)
    await archived(kafka_server, topic_prefix, place, 40)


@pytest.mark.long
async def test_it_is_killed_again_and_again(kafka_server, topic_prefix, place, archive, events):
    one = archive(ARCHIVE_FILE_AGE_S="0.02")
    chance = random.Random(7)
    for _ in range(25):
        await asyncio.to_thread(events.write, chance.sample(ACCOUNTS, 4), 20)
        one.wait_for("ARCHIVING")
        time.sleep(chance.random() * 0.15)  # any instant: between two files, in a file, in an entry
        one.kill()
        one.start()
    one.wait_for("ARCHIVING")
    await archived(kafka_server, topic_prefix, place, events.count)
    assert events.count == 25 * 80
