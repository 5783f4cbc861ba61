"""svc_relay as a process of its own, and entries for it to relay."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from eventlog.logs import SCHEMA_OF, Log
from kernel.hashchain import GENESIS, event_hash
from mesh.settings import child_environment
from ordermesh.oms.v1 import event_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AccountInfo, EventWrite, WriteSet
from tests.support.forked import Forked, launched, run_forked
from tests.support.kafka import KafkaServer, headers_of
from tests.support.pages import page
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.waiting import wait_for

LEASE_S = "3"
START_S = 60


class RelayProcess:
    """One svc_relay that can be killed, stopped and started again."""

    def __init__(
        self, database_url: str, kafka: KafkaServer, prefix: str, log: Path, **settings: str
    ) -> None:
        self._log = log
        self._ops = free_port()
        tls = kafka.home.tls
        chosen = {
            "DATABASE_URL": as_service(database_url, "relay"),
            "OPS_BIND": f"127.0.0.1:{self._ops}",
            "TLS_CERT": str(tls / "svc-relay.pem"),
            "TLS_KEY": str(tls / "svc-relay.key"),
            "TLS_CA": str(tls / "ca.pem"),
            "KAFKA_BOOTSTRAP": kafka.bootstrap,
            "KAFKA_CLUSTER_ID": kafka.cluster_id,
            "KAFKA_TOPIC_PREFIX": prefix,
            "RELAY_INSTANCE": log.stem,
            "RELAY_LEASE_S": LEASE_S,
            **settings,
        }
        self._environment = {f"ORDERMESH_{key}": text for key, text in chosen.items()}
        self._process: Forked | subprocess.Popen[bytes] | None = None
        # To be set before the start of a process whose memory is measured.
        self.fresh = False

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
        environment = child_environment(self._environment)
        self._process = launched("svc_relay", environment, self._log, fresh=self.fresh)

    def run_admin(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of svc_relay.admin with the same settings."""
        return run_forked("svc_relay.admin", words, child_environment(self._environment))

    def send(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP lets it hang, SIGCONT lets it go on."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
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
def relay_process(*args: Any, **settings: str) -> Iterator[RelayProcess]:
    """Run a relay until the block ends; see `RelayProcess`."""
    relay = RelayProcess(*args, **settings)
    relay.start()
    try:
        yield relay
    finally:
        relay.kill()


class Writer:
    """Writes events of accounts as the order book does: chained, in transactions."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._heads: dict[str, bytes] = {}

    async def accounts(self, names: list[str]) -> None:
        """Make accounts."""
        for name in names:
            await self._store.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1))

    async def write(
        self, names: list[str], each: int = 1, text: str = "", order_id: str = ""
    ) -> None:
        """Write events of these accounts in one transaction."""
        async with self._store.transaction() as transaction:
            locked = await transaction.lock_accounts(sorted(names))
            writes = WriteSet()
            for name in sorted(names):
                first = locked[name].last_sequence + 1
                for sequence in range(first, first + each):
                    event = event_pb2.OrderEvent(
                        account_id=name, sequence=sequence, actor="oms", anomaly=text
                    )
                    if order_id:
                        event.order_id = f"{name}-{order_id}"
                    event.rejected.SetInParent()
                    payload = event.SerializeToString()
                    head = event_hash(self._heads.get(name, GENESIS), payload)
                    self._heads[name] = head
                    writes.events.append(EventWrite(name, sequence, "", payload, head))
                writes.accounts.append((name, first + each - 1, self._heads[name], ""))
            await transaction.write(writes)


async def in_postgres(url: str, log: Log) -> dict[str, list[tuple[int, bytes, bytes]]]:
    """Return (sequence, payload, hash) of each entry of a log, by key, in order of sequence."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        f"""SELECT key, sequence, payload, hash FROM {SCHEMA_OF[log]}.relayed_{log}
            ORDER BY key, sequence"""  # noqa: S608
    )
    await connection.close()
    found: dict[str, list[tuple[int, bytes, bytes]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(tuple(row[1:]))
    return found


def in_kafka(
    kafka: KafkaServer, prefix: str, log: Log
) -> dict[str, list[tuple[int, bytes, bytes]]]:
    """Return the same of its topic, in the order of the records."""
    found: dict[str, list[tuple[int, bytes, bytes]]] = {}
    for record in kafka.read(prefix + log):
        headers = headers_of(record)
        entry = int(headers["sequence"]), record.value(), headers["hash"]
        found.setdefault(record.key().decode(), []).append(entry)
    return found
