"""svc_notify as a process of its own, and events for it to read."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import grpc.aio

from eventlog.rights import ReaderName
from kernel.hashchain import GENESIS, event_hash
from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from mesh.settings import child_environment
from meshctl.stack.servers.postgres import ROLES
from ordermesh.notify.v1 import (
    destination_service_pb2_grpc,
    notification_service_pb2,
    notification_service_pb2_grpc,
    rule_service_pb2_grpc,
)
from ordermesh.oms.v1 import event_pb2, order_pb2
from svc_identity.adapters.postgres import migrate as identity
from svc_marketdata.adapters.postgres import migrate as marketdata
from svc_notify.adapters.postgres.migrate import migrate
from svc_oms.adapters.postgres import migrate as oms
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import EventWrite, WriteSet
from tests.support.certificates import tls_settings
from tests.support.forked import Forked, launched
from tests.support.oms import prepare_database
from tests.support.pages import page, served
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.tokens import LIFETIME_S, TokenMint
from tests.support.waiting import POLL_S, WAIT_S, until

MINT = TokenMint()
NOTIFY = ROLES["notify"]


def prepare(url: str) -> None:
    """Migrate the schema of svc_notify, and those that it reads."""
    prepare_database(url)

    async def rest() -> None:
        await identity.migrate(url, ROLES["identity"])
        await marketdata.migrate(url, ROLES["marketdata"])
        await migrate(url, NOTIFY)
        for read in (oms, identity, marketdata):
            await read.let_read_logs(url, ReaderName.NOTIFY, NOTIFY)

    asyncio.run(rest())


class NotifyProcess:
    """One svc_notify that can be killed, stopped and started again."""

    def __init__(self, environment: dict[str, str], log: Path, tls: Path) -> None:
        self._environment = environment
        self._log = log
        self._tls = tls
        self._process: Forked | subprocess.Popen[bytes] | None = None
        # To be set before the start of a process whose memory is measured.
        self.fresh = False

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it; it need not work yet."""
        environment = child_environment(self._environment)
        self._process = launched("svc_notify", environment, self._log, fresh=self.fresh)

    async def start(self, state: str = "READING") -> Self:
        """Start it, and wait until the text of /readyz has this word."""
        self.launch()
        await self.until(state)
        return self

    async def until(self, state: str) -> None:
        """Wait until the text of /readyz has this word."""
        await until(lambda: state in self.state(), f"svc_notify is {state}")

    def state(self) -> str:
        """Return the text of /readyz; empty when nobody answers."""
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        try:
            return page(f"http://{self._environment['ORDERMESH_OPS_BIND']}/readyz")[1].decode()
        except OSError:
            return ""

    def figures(self) -> dict[str, float]:
        """Return its metrics, by name with labels."""
        text = page(f"http://{self._environment['ORDERMESH_OPS_BIND']}/metrics")[1].decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("ordermesh"))
        return {name: float(value) for name, _, value in lines}

    def memory_peak(self) -> int:
        """Return the most memory that it ever had, in bytes."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in text.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def send(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP lets it hang, SIGCONT lets it go on."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def channel(self) -> grpc.aio.Channel:
        """Open a channel to it, as the edge does."""
        bind = self._environment["ORDERMESH_BIND"]
        return mesh_channel(bind, "svc-notify", TlsFiles.of_service(self._tls, "envoy"))


@asynccontextmanager
async def notify_processes(
    database_url: str, tls: Path, folder: Path
) -> AsyncIterator[Callable[..., NotifyProcess]]:
    """Give a function that makes processes by name; they are killed at the end of the block."""
    made: list[NotifyProcess] = []
    issuer = TlsFiles.of_service(tls, KEYS_SERVICE)
    with served(json.dumps(MINT.jwks()).encode(), "/jwks.json", issuer) as keys_port:

        def make(name: str = "one", **settings: str) -> NotifyProcess:
            chosen = {
                "DATABASE_URL": as_service(database_url, "notify"),
                "BIND": f"127.0.0.1:{free_port()}",
                "OPS_BIND": f"127.0.0.1:{free_port()}",
                "JWKS_URL": f"https://127.0.0.1:{keys_port}/jwks.json",
                "JWT_LIFE_MAX_S": str(LIFETIME_S),
                "NOTIFY_INSTANCE": name,
                "NOTIFY_LEASE_S": "1",
                **{key.upper(): str(text) for key, text in tls_settings(tls, "svc-notify").items()},
                **settings,
            }
            environment = {f"ORDERMESH_{key}": text for key, text in chosen.items()}
            made.append(NotifyProcess(environment, folder / f"{name}.log", tls))
            return made[-1]

        try:
            yield make
        finally:
            for one in made:
                one.kill()


class User:
    """Calls svc_notify as one user."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self.metadata = (("authorization", f"Bearer {token}"),)
        self.notifications: Any = notification_service_pb2_grpc.NotificationServiceStub(channel)
        self.rules: Any = rule_service_pb2_grpc.RuleServiceStub(channel)
        self.destinations: Any = destination_service_pb2_grpc.DestinationServiceStub(channel)

    async def list(self, **fields: Any) -> list[Any]:
        """Return all pages of notifications, newest first."""
        request = notification_service_pb2.ListRequest(**fields)
        found: list[Any] = []
        while True:
            answer = await self.notifications.List(request, metadata=self.metadata)
            found += answer.notifications
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token

    def watch(self, **fields: Any) -> Any:
        """Open a stream."""
        request = notification_service_pb2.WatchRequest(**fields)
        return self.notifications.Watch(request, metadata=self.metadata)


class Events:
    """Writes events of orders as the order book does: chained, in transactions."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._heads: dict[str, bytes] = {}

    async def write(self, account: str, *events: event_pb2.OrderEvent) -> None:
        """Write events of an account in one transaction."""
        async with self._store.transaction() as transaction:
            locked = await transaction.lock_accounts([account])
            writes = WriteSet()
            sequence = locked[account].last_sequence
            for event in events:
                sequence += 1
                event.account_id, event.sequence = account, sequence
                event.occurred_at.GetCurrentTime()
                payload = event.SerializeToString()
                head = event_hash(self._heads.get(account, GENESIS), payload)
                self._heads[account] = head
                writes.events.append(EventWrite(account, sequence, event.order_id, payload, head))
            writes.accounts.append((account, sequence, self._heads[account], ""))
            await transaction.write(writes)


def fill(number: int, order_id: str = "01ORDER0000000000000000000") -> event_pb2.OrderEvent:
    """Make an execution of an order that goes on."""
    event = event_pb2.OrderEvent(order_id=order_id)
    event.progress.state = order_pb2.ORDER_STATE_PARTIALLY_FILLED
    event.progress.cum_quantity, event.progress.leaves_quantity = str(number), "1"
    execution = event.executed.execution
    execution.exec_id = f"E{number}"
    execution.instrument_id, execution.venue_mic = "ASML.SIMA", "SIMA"
    execution.side, execution.currency = order_pb2.SIDE_BUY, "EUR"
    execution.quantity, execution.price = "1", "650.25"
    return event


def in_state(state: int, order_id: str, **kind: Any) -> event_pb2.OrderEvent:
    """Make an event after which an order is in a state."""
    event = event_pb2.OrderEvent(order_id=order_id, **kind)
    event.progress.state = state  # type: ignore[assignment]  # by number
    return event


async def eventually(condition: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Ask again and again until the answer is true; return it."""
    deadline = time.monotonic() + WAIT_S
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"not within {WAIT_S:.0f} s: {what}"
        await asyncio.sleep(POLL_S)
    return answer
