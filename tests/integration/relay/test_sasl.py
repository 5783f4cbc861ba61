"""Brokers that ask for a name and a password over TLS, in place of a certificate."""

import json

import pytest
from confluent_kafka.admin import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from mesh.settings import child_environment
from tests.integration.relay.test_relay import copied
from tests.support.archive import archive_process, archived
from tests.support.forked import run_forked
from tests.support.kafka import SASL_PASSWORD, SASL_USER

ITERATIONS = 4096


@pytest.fixture
def scram(kafka_server):
    """The cluster knows the user by SCRAM, too."""
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        change = UserScramCredentialUpsertion(
            SASL_USER, ScramCredentialInfo(mechanism, ITERATIONS), SASL_PASSWORD.encode()
        )
        for done in kafka_server.admin.alter_user_scram_credentials([change]).values():
            done.result(30)


def by_password(kafka, mechanism, password=SASL_PASSWORD):
    return {
        "KAFKA_BOOTSTRAP": kafka.sasl_bootstrap,
        "KAFKA_SASL_MECHANISM": mechanism,
        "KAFKA_SASL_USERNAME": SASL_USER,
        "KAFKA_SASL_PASSWORD": password,
    }


@pytest.mark.usefixtures("scram")
async def test_relay_archive_and_terminal_give_a_name_and_a_password(
    book_url, kafka_server, topic_prefix, writer, relay, tmp_path
):
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"], each=2)
    relay(**by_password(kafka_server, "SCRAM-SHA-512")).wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)
    place, log = tmp_path / "archive", tmp_path / "archive.log"
    settings = by_password(kafka_server, "SCRAM-SHA-256")
    with archive_process(kafka_server, topic_prefix, place, log, **settings) as archive:
        archive.wait_for("ARCHIVING")
        await archived(kafka_server, topic_prefix, place, 2)
    environment = {
        "ORDERMESH_HOME": str(kafka_server.home.root),
        "ORDERMESH_KAFKA_TOPIC_PREFIX": topic_prefix,
    }
    for name, value in by_password(kafka_server, "PLAIN").items():
        environment[f"ORDERMESH_{name}"] = value
    words = ("events", "tail", "--topic", "orders", "--from-beginning", "--limit", "2")
    done = run_forked("meshctl", words, child_environment(environment))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["sequence"] for line in done.stdout.splitlines()] == [1, 2]


@pytest.mark.usefixtures("scram")
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_named(kafka_server, relay, mechanism):
    one = relay(**by_password(kafka_server, mechanism, "another one"))
    assert "uthentication failed" in one.wait_for("ACCESS_REFUSED")
