"""The whole mesh in order: PostgreSQL and Redis, schemas, users, services, venues, edge."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from deploy.process import Process
from deploy.processes import BY_NAME, SERVICES
from deploy.topics import read_topics
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.process import ProcessSpec, StartError
from meshctl.stack.processes.services import (
    Addresses,
    StackOptions,
    admin_command,
    service_specs,
    venue_specs,
)
from meshctl.stack.processes.supervisor import LogSink, Supervisor, Tell
from meshctl.stack.servers.certificates import ensure_dev_certificates
from meshctl.stack.servers.edge import edge_spec
from meshctl.stack.servers.kafka.broker import EmbeddedKafka
from meshctl.stack.servers.monitoring import monitoring_specs
from meshctl.stack.servers.postgres import EmbeddedPostgres
from meshctl.stack.servers.redis import redis_process, redis_url
from meshctl.stack.settings import StackSettings
from meshctl.stack.upkeep import Upkeep
from meshctl.stack.users import DEMO_ACCOUNTS, ensure_passwords, user_lines
from meshctl.stack.venues import write_venues_file

PROJECT = Path(__file__).resolve().parents[2]
MINIMUM_FREE_DISK_BYTES = 1024**3


class LocalStack:
    """One running mesh; ``start`` brings it up, ``stop`` takes it down in reverse."""

    def __init__(
        self,
        home: Home,
        ports: Ports,
        settings: StackSettings,
        options: StackOptions,
        sink: LogSink,
    ) -> None:
        self._home = home
        self._ports = ports
        self._settings = settings
        self._options = options
        self._sink = sink
        self._upkeep: asyncio.Task[None] | None = None
        self.supervisor = Supervisor(home, ports, sink)

    async def start(self, tell: Tell) -> None:
        """Start everything and return when the edge serves. Raises StartError."""
        if shutil.disk_usage(self._home.root).free < MINIMUM_FREE_DISK_BYTES:
            raise StartError(f"less than 1 GiB free on the disk of {self._home.root}")
        if ensure_dev_certificates(self._home.tls):
            tell("made a certificate authority for this machine and a certificate per process")
        embedded = await self._start_parts(tell)
        at = self._addresses(embedded)
        kafka, _ = await asyncio.gather(
            self._start_kafka(tell),
            self._in_one_step(
                tell, "schemas and venues", self._migrate(at), self._start_venues(at)
            ),
        )
        at = replace(at, kafka=kafka)
        if self._options.venues_file is None:
            write_venues_file(
                self._home,
                self._ports,
                drop_copy=self._options.drop_copy,
                agents=self._options.sim_agents,
                hours=self._options.hours,
            )
        services = service_specs(at)
        await self._in_one_step(
            tell,
            "services " + ", ".join(services),
            self.supervisor.start(*services.values()),
            self._ensure_users(at),
        )
        await self._in_one_step(tell, "edge", self.supervisor.start(edge_spec(at)))
        if self._options.monitoring:
            watching = monitoring_specs(self._home, self._ports, PROJECT, self.supervisor.names)
            await self._in_one_step(tell, "monitoring", self.supervisor.start(*watching))
        self.supervisor.tell(
            edge_url=f"https://localhost:{self._ports['edge_tls']}",
            plain_url=f"http://localhost:{self._ports['edge_plain']}",
            ca_file=str(self._home.tls / "ca.pem"),
            ready=True,
        )
        upkeep = Upkeep(
            self._home.access_log,
            lambda: self.supervisor.pid_of("envoy"),
            lambda: self._daily(at),
            self._sink,
        )
        self._upkeep = asyncio.create_task(upkeep.run(), name="upkeep")

    async def _daily(self, at: Addresses) -> None:
        """Take checkpoints of the logs, then archive what is old enough."""
        await self._checkpoint(at)
        await self._retain(at)

    async def _checkpoint(self, at: Addresses) -> None:
        """Write the newest entries of the logs, signed, to the folder of the checkpoints."""
        key, folder = at.home.secrets / "checkpoint-key.pem", at.home.checkpoints
        folder.mkdir(exist_ok=True)
        if not key.exists():
            await self._admin(at, "svc_oms.admin", "new-checkpoint-key", str(key))
        place = self._settings.checkpoint_copy_to
        copies = {"ORDERMESH_CHECKPOINT_COPY_TO": place} if place else {}
        for module in ("svc_oms.admin", "svc_identity.admin"):
            words = ("checkpoint", str(folder), "--key", str(key))
            command, environment = admin_command(at, module, *words)
            await self.supervisor.run_once(
                f"{module} checkpoint", command, {**environment, **copies}
            )

    async def _retain(self, at: Addresses) -> None:
        archive = str(self._home.data / "archive")
        words = ("retention", "--archive", archive)
        command, environment = admin_command(at, "svc_oms.admin", *words, as_owner=True)
        ages = {
            "ORDERMESH_RETENTION_EVENTS_DAYS": self._settings.retention_events_days,
            "ORDERMESH_RETENTION_AUDIT_DAYS": self._settings.retention_audit_days,
        }
        chosen = {key: days for key, days in ages.items() if days}
        await self.supervisor.run_once("retention", command, {**environment, **chosen})

    async def stop(self) -> None:
        """Stop everything in reverse order; no process stays."""
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
        await self.supervisor.stop()

    async def _start_parts(self, tell: Tell) -> EmbeddedPostgres | None:
        parts: list[ProcessSpec] = []
        embedded = None
        if not self._settings.database_url:
            embedded = EmbeddedPostgres(self._home, self._ports["postgres"])
            if await asyncio.to_thread(embedded.initialise):
                tell("made a PostgreSQL cluster of its own")
            parts.append(embedded.process())
        if not self._settings.redis_url:
            parts.append(redis_process(self._home, self._ports["redis"]))
        await self._in_one_step(
            tell, " and ".join(part.name for part in parts) or "external parts",
            self.supervisor.start(*parts),
        )  # fmt: skip
        if embedded is not None:
            await embedded.ensure_roles()
        return embedded

    async def _start_kafka(self, tell: Tell) -> Mapping[str, str]:
        """Start the broker if it is wanted, with its topics; return how it is reached."""
        if not self._options.kafka or self._settings.kafka_bootstrap:
            return self._settings.own_kafka
        kafka = EmbeddedKafka(self._home, self._ports["kafka"], self._ports["kafka_controller"])
        folder, maven = self._settings.cache_dir / "kafka", self._settings.maven_url
        if await asyncio.to_thread(kafka.initialise, folder, maven, tell):
            tell("made a Kafka cluster of its own")
        await self._in_one_step(tell, "kafka", self.supervisor.start(kafka.process()))
        prefix = self._settings.kafka_topic_prefix
        for line in await asyncio.to_thread(kafka.apply_topics, prefix, read_topics()):
            tell(f"topic {line}")
        return {
            "KAFKA_BOOTSTRAP": kafka.bootstrap,
            "KAFKA_CLUSTER_ID": kafka.cluster_id,
            "KAFKA_TOPIC_PREFIX": prefix,
        }

    def _addresses(self, embedded: EmbeddedPostgres | None) -> Addresses:
        def database(service: str) -> str:
            return embedded.url(service) if embedded else self._settings.database_url

        def owner(service: str) -> str:
            return embedded.owner_url(service) if embedded else self._settings.owner_url

        return Addresses(
            project=PROJECT,
            home=self._home,
            ports=self._ports,
            database_urls={
                one.name: database(one.name) for one in SERVICES if one.database or one.reads_logs
            },
            owner_urls={one.name: owner(one.name) for one in SERVICES if one.database},
            redis_url=self._settings.redis_url or redis_url(self._home, self._ports["redis"]),
            options=self._options,
        )

    async def _migrate(self, at: Addresses) -> None:
        key = at.home.signing_key
        await asyncio.gather(*(self._migrate_one(at, one) for one in SERVICES if one.database))
        await self._let_read_logs(at)
        if not key.exists():
            await self._admin(at, "svc_identity.admin", "new-signing-key", str(key))

    async def _migrate_one(self, at: Addresses, process: Process) -> None:
        url, owner = at.database_urls[process.name], at.owner_urls[process.name]
        # Where both are one, the role of the service owns its tables: there is nothing to grant.
        role = ("--service-role", str(urlsplit(url).username)) if url != owner else ()
        await self._admin(at, f"{process.module}.admin", "migrate", *role, as_owner=True)

    async def _let_read_logs(self, at: Addresses) -> None:
        if self._settings.database_url:
            return
        readers: dict[str, list[tuple[str, str]]] = {}
        for one in SERVICES:
            for read in one.reads_logs if self._options.kafka or not one.kafka else ():
                reader = one.service, one.database_role
                readers.setdefault(BY_NAME[read].module, []).append(reader)
        await asyncio.gather(*(self._grant(at, *each) for each in readers.items()))

    async def _grant(self, at: Addresses, module: str, readers: list[tuple[str, str]]) -> None:
        # One after the other: PostgreSQL refuses two changes of the rights of one object at once.
        for reader in readers:
            await self._admin(at, f"{module}.admin", "grant-log-reader", *reader, as_owner=True)

    async def _start_venues(self, at: Addresses) -> None:
        await self.supervisor.start(*venue_specs(at).values())

    async def _ensure_users(self, at: Addresses) -> None:
        known = self._home.users_file.exists()
        passwords = ensure_passwords(self._home)
        marker = self._home.run / "users-made"
        if known and marker.exists():
            return
        await asyncio.gather(
            self._admin(
                at, "svc_identity.admin", "ensure-users",
                stdin="".join(f"{line}\n" for line in user_lines(passwords)),
            ),
            *(
                self._admin(
                    at, "svc_oms.admin", "ensure-account",
                    "--account", account, "--name", name, "--currency", "EUR", "--firm", "DEMO",
                )
                for account, name in DEMO_ACCOUNTS.items()
            ),
        )  # fmt: skip
        marker.touch()

    async def _admin(
        self, at: Addresses, module: str, *words: str, stdin: str = "", as_owner: bool = False
    ) -> None:
        command, environment = admin_command(at, module, *words, as_owner=as_owner)
        await self.supervisor.run_once(f"{module} {words[0]}", command, dict(environment), stdin)

    async def _in_one_step(self, tell: Tell, what: str, *work: Awaitable[None]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*work)
        tell(f"{what}: ready in {loop.time() - started:.1f} s")


def require_web_build(tell: Callable[[str], None]) -> None:
    """Report how to build the page if it has not been built."""
    if not (PROJECT / "web" / "dist" / "index.html").exists():
        tell("the web page is not built: run `make web`; everything else works without it")
