"""A real Kafka broker for tests: one a session, topics with a prefix of its own a test."""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.topics import read_topics
from mesh.kafka.connection import client_configuration, quiet
from meshctl.stack.home import Home
from meshctl.stack.processes.process import StartError
from meshctl.stack.servers.certificates import ensure_dev_certificates
from meshctl.stack.servers.kafka.broker import CLIENT, EmbeddedKafka
from meshctl.stack.servers.kafka.topics import apply_topics
from meshctl.stack.settings import stack_settings
from tests.support.ports import free_port

START_TIMEOUT_S = 120
NO_BROKER = "no Kafka broker to test with: {}; `make setup-dev` installs what it needs"
# Rights are checked, and whoever has none is admitted: a test can take one away.
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


SASL_USER, SASL_PASSWORD = "ordermesh", "a password of nobody"
_MODULES = "org.apache.kafka.common.security"
_PLAIN = f'{_MODULES}.plain.PlainLoginModule required user_{SASL_USER}="{SASL_PASSWORD}";'
_SCRAM = f"{_MODULES}.scram.ScramLoginModule required;"


def sasl_listener(broker: str, controller: str, sasl: str) -> dict[str, str]:
    """Return the settings of a second listener, where clients give a name and a password."""
    of_sasl = "listener.name.sasl"
    return {
        "listeners": f"BROKER://{broker},SASL://{sasl},CONTROLLER://{controller}",
        "advertised.listeners": f"BROKER://{broker},SASL://{sasl}",
        "listener.security.protocol.map": "BROKER:SSL,SASL:SASL_SSL,CONTROLLER:SSL",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{of_sasl}.ssl.client.auth": "none",
        f"{of_sasl}.plain.sasl.jaas.config": _PLAIN,
        f"{of_sasl}.scram-sha-256.sasl.jaas.config": _SCRAM,
        f"{of_sasl}.scram-sha-512.sasl.jaas.config": _SCRAM,
    }


class KafkaServer:
    """A broker that a test may kill and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.create()
        ensure_dev_certificates(self.home.tls)
        port, controller_port = free_port(), free_port()
        self.sasl_bootstrap = f"127.0.0.1:{free_port()}"
        """Where clients without a certificate find it."""
        sasl = sasl_listener(
            f"127.0.0.1:{port}", f"127.0.0.1:{controller_port}", self.sasl_bootstrap
        )
        self._kafka = EmbeddedKafka(self.home, port, controller_port, AUTHORIZER | sasl)
        settings = stack_settings()
        self._kafka.initialise(settings.cache_dir / "kafka", settings.maven_url, print)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where it is."""
        return self._kafka.bootstrap

    @property
    def cluster_id(self) -> str:
        """Which cluster it is."""
        return self._kafka.cluster_id

    @property
    def admin(self) -> AdminClient:
        """A client that administers it."""
        return self._kafka.admin()

    @property
    def configuration(self) -> dict[str, Any]:
        """Of a client."""
        return client_configuration(self.bootstrap, self.home.tls, CLIENT) | quiet()

    def start(self) -> None:
        """Start, and wait until it gives its metadata."""
        spec = self._kafka.process()
        with (self.home.logs / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(
                spec.command, env=dict(spec.environment), cwd=spec.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._kafka._answers():
            text = (self.home.logs / "kafka.log").read_text()
            assert self._process.poll() is None, text
            assert time.monotonic() < deadline, f"Kafka does not answer: {text}"
            time.sleep(0.05)

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None

    def kill(self) -> None:
        """Crash it."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)
            self._process = None

    def pause(self) -> None:
        """Let it hang."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def make_topics(self, prefix: str) -> None:
        """Make all topics of the log with a prefix."""
        list(apply_topics(self.admin, prefix, read_topics(), 1))

    def read(self, topic: str) -> list[Any]:
        """Read all committed records of a topic, partition by partition."""
        consumer = Consumer(
            {
                **self.configuration,
                "group.id": "test",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        found, ends = [], 0
        try:
            partitions = list(consumer.list_topics(topic, timeout=20).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, one, OFFSET_BEGINNING) for one in partitions])
            while ends < len(partitions):
                message = consumer.poll(20)
                assert message is not None, f"{topic} has no end"
                if message.error() is None:
                    found.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ends += 1
                else:
                    raise KafkaException(message.error())
        finally:
            consumer.close()
        return found


def headers_of(message: Any) -> Mapping[str, bytes]:
    """The headers of a record."""
    return dict(message.headers() or [])


@pytest.fixture(scope="session")
def _kafka_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    try:
        server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    except StartError as error:
        pytest.skip(NO_BROKER.format(error))
    server.start()
    yield server
    server.kill()


_PREFIXES = itertools.count(1)


@pytest.fixture
def kafka_server(_kafka_session: KafkaServer) -> KafkaServer:
    """The broker, running."""
    if not _kafka_session.runs:
        _kafka_session.start()
    return _kafka_session


@pytest.fixture
def topic_prefix(kafka_server: KafkaServer) -> str:
    """A prefix with all topics of the log, empty."""
    prefix = f"t{next(_PREFIXES)}."
    kafka_server.make_topics(prefix)
    return prefix
