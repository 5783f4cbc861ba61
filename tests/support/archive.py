"""svc_archive as a process of its own, records for it, and what its archive has."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from event_archive.reading import read_entries
from event_archive.stores import open_store
from kernel.hashchain import GENESIS, event_hash
from mesh.settings import child_environment
from ordermesh.oms.v1 import event_pb2
from tests.support.gateway_process import Disk
from tests.support.kafka import KafkaServer, headers_of
from tests.support.pages import page
from tests.support.ports import free_port
from tests.support.waiting import wait_for

START_S = 60
SCHEMA = "ordermesh.oms.v1.OrderEvent"
FIRST_US = 1_790_000_000_000_000
"""21 September 2026, in microseconds since 1970."""


class ArchiveProcess:
    """One svc_archive that can be killed and started again."""

    def __init__(
        self,
        kafka: KafkaServer,
        prefix: str,
        place: Path | str,
        log: Path,
        disk: Disk | None = None,
        **settings: str,
    ) -> None:
        self._log, self._place, self._disk = log, place, disk
        self._ops = free_port()
        tls = kafka.home.tls
        chosen = {
            "OPS_BIND": f"127.0.0.1:{self._ops}",
            "TLS_CERT": str(tls / "svc-archive.pem"),
            "TLS_KEY": str(tls / "svc-archive.key"),
            "TLS_CA": str(tls / "ca.pem"),
            "KAFKA_BOOTSTRAP": kafka.bootstrap,
            "KAFKA_CLUSTER_ID": kafka.cluster_id,
            "KAFKA_TOPIC_PREFIX": prefix,
            "ARCHIVE": str(place),
            "ARCHIVE_FILE_AGE_S": "0.2",
            **settings,
        }
        self._environment = {f"ORDERMESH_{key}": text for key, text in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    def memory_peak(self) -> int:
        """Return the most memory that it ever had, in bytes."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", text)
        return int(peak) * 1024

    def start(self) -> None:
        """Start it; it need not work yet."""
        command = [sys.executable, "-m", "svc_archive"]
        if self._disk is not None:
            command = self._disk.around(Path(self._place).parent, command)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=child_environment(self._environment), stdout=log, stderr=log
            )
        if self._disk is not None:
            self._disk.pid = self._process.pid

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def stop(self) -> None:
        """End it in good order."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(timeout=30) == 0, self._log.read_text()[-3000:]
        self._process = None

    def state(self) -> tuple[int, str]:
        """Return the status and the text of /readyz; 0 when nobody answers."""
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            status, text = page(f"http://127.0.0.1:{self._ops}/readyz")
        except OSError:
            return 0, ""
        return status, text.decode()

    def wait_for(self, words: str) -> str:
        """Wait until the text of /readyz has these words; return it."""
        try:
            wait_for(lambda: words in self.state()[1], words, START_S)
        except AssertionError as error:
            log = self._log.read_text()[-3000:]
            raise AssertionError(f"{error}; it is {self.state()}; {log}") from None
        return self.state()[1]

    def figures(self) -> dict[str, float]:
        """Return its metrics, by name with labels."""
        text = page(f"http://127.0.0.1:{self._ops}/metrics")[1].decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("ordermesh"))
        return {name: float(value) for name, _, value in lines}


@contextmanager
def archive_process(*args: Any, **settings: Any) -> Iterator[ArchiveProcess]:
    """Run an archiver until the block ends; see `ArchiveProcess`."""
    process = ArchiveProcess(*args, **settings)
    process.start()
    try:
        yield process
    finally:
        process.kill()


class Events:
    """Writes chained events of accounts to the topic of orders, as svc_relay does."""

    def __init__(self, kafka: KafkaServer, prefix: str) -> None:
        self._configuration = {
            **kafka.configuration,
            "partitioner": "murmur2_random",
            "message.max.bytes": 64 << 20,
        }
        self._prefix = prefix
        self._heads: dict[str, tuple[int, bytes]] = {}
        self.count = 0

    def write(self, accounts: list[str], each: int = 1, size: int = 0, step_us: int = 1) -> None:
        """Write events of these accounts in one transaction of Kafka."""
        producer = Producer({**self._configuration, "transactional.id": f"{self._prefix}test"})
        producer.init_transactions(30)
        producer.begin_transaction()
        for account in accounts * each:
            self.count += 1
            sequence, head = self._heads.get(account, (0, GENESIS))
            value = order_event(account, sequence + 1, FIRST_US + self.count * step_us, size)
            self._heads[account] = sequence + 1, event_hash(head, value)
            producer.produce(
                f"{self._prefix}orders",
                value,
                account.encode(),
                headers=[
                    ("schema", SCHEMA.encode()),
                    ("schema-version", b"1"),
                    ("sequence", b"%d" % (sequence + 1)),
                    ("log-number", b"%d" % self.count),
                    ("hash", self._heads[account][1]),
                ],
            )
            producer.poll(0)
        producer.commit_transaction(60)


def order_event(account: str, sequence: int, at_us: int, size: int = 0) -> bytes:
    """Return an event; every third accepts an order."""
    event = event_pb2.OrderEvent(account_id=account, sequence=sequence, actor="oms")
    event.occurred_at.FromMicroseconds(at_us)
    if sequence % 3 == 1:
        order = event.accepted.order
        order.venue_mic, order.instrument_id = "SIMA", "ASML.SIMA"
    else:
        event.rejected.SetInParent()
    if size:  # what does not compress
        blocks = range(size // 64 + 1)
        event.anomaly = "".join(sha256(b"%d" % one).hexdigest() for one in blocks)[:size]
    return event.SerializeToString()


Rows = list[tuple[int, int, str, int | None, bytes | None, bytes]]


def in_kafka(kafka: KafkaServer, prefix: str, topic: str = "orders") -> Rows:
    """Return what a topic has: partition, offset, key, sequence, hash and value, sorted."""
    return sorted(
        (
            record.partition(),
            record.offset(),
            record.key().decode(),
            int(headers_of(record)["sequence"]),
            headers_of(record)["hash"],
            record.value(),
        )
        for record in kafka.read(prefix + topic)
    )


def in_archive(place: Path | str, topic: str = "orders") -> Rows:
    """Return the same of an archive."""
    return sorted(
        (one.partition, one.offset, one.key, one.sequence, one.hash, one.value)
        for one in read_entries(open_store(str(place)), topic)
    )


async def archived(kafka: KafkaServer, prefix: str, place: Path | str, count: int) -> None:
    """Wait until so many events are archived, and compare them with Kafka."""
    expected = await asyncio.to_thread(in_kafka, kafka, prefix)
    assert len(expected) == count

    def found() -> bool:
        return len(in_archive(place)) >= count

    await asyncio.to_thread(wait_for, found, f"{count} events are archived", 60)
    assert in_archive(place) == expected


def seen_by(process: ArchiveProcess, path: Path) -> Path:
    """Return a path as the process sees it: a disk of its own is in its namespace."""
    return Path(f"/proc/{process.pid}/root{path}")
