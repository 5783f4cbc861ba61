"""What follows from the list of processes on one machine, and from an entry that is added to it."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from deploy.manifests import manifest, policy
from deploy.process import Process
from deploy.processes import BY_NAME, PROCESSES, environment, local_ports
from mesh.settings import load_settings
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.services import (
    Addresses,
    LocalPlace,
    StackOptions,
    service_specs,
    venue_specs,
)
from meshctl.stack.settings import stack_settings
from tests.support.manifests import settings_of

URLS = {
    one.name: f"postgresql://{one.name}@127.0.0.1/db"
    for one in PROCESSES
    if one.database or one.reads_logs
}
CHANNELS = {
    "NOTIFY_TRUSTED_HOSTS": "localhost",
    "NOTIFY_SMTP_HOST": "mail.example.com",
    "NOTIFY_SMTP_USER": "us",
    "NOTIFY_SMTP_PASSWORD": "a password",
    "NOTIFY_MAIL_FROM": "ordermesh@example.com",
}
OPTIONS = StackOptions(standby=True, kafka=True, order_value_max="5", channels=CHANNELS)
KAFKA = {"KAFKA_BOOTSTRAP": "127.0.0.1:26092", "KAFKA_CLUSTER_ID": "cluster"}
AT = Addresses(
    Path(), Home(Path("/home")), Ports(), URLS, {}, "redis://127.0.0.1/0", OPTIONS, KAFKA
)
SPECS = service_specs(AT) | venue_specs(AT)
RELAY = Process(
    name="relay",
    module="svc_relay",
    about="An append-only log of the order book, copied elsewhere.",
    grpc=50054,
    grpc_local=25054,
    ops=9159,
    calls=("oms",),
    verifies_tokens=True,
    database=True,
    replicas=2,
    cpu="100m",
    memory="256Mi",
)


def test_every_listener_has_a_port_of_its_own_below_those_of_outgoing_connections() -> None:
    ports = local_ports()
    assert len(set(ports.values())) == len(ports)
    assert max(ports.values()) < 32_768


def test_whom_a_process_calls_is_listed_and_has_a_server() -> None:
    assert all(BY_NAME[name].grpc for one in PROCESSES for name in one.calls)


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_of_the_local_stack_is_one_the_process_knows(name) -> None:
    kind = settings_of(SPECS[name].command[2])
    assert load_settings(kind, SPECS[name].environment).ops_bind.startswith("127.0.0.1:")


def test_what_the_user_chose_goes_to_the_process_it_is_for() -> None:
    assert SPECS["oms"].environment["ORDERMESH_ORDER_VALUE_MAX"] == "5"
    gateway, standby = SPECS["gateway"].environment, SPECS["standby"].environment
    assert gateway["ORDERMESH_GATEWAY_STORE_DIR"] == standby["ORDERMESH_GATEWAY_STORE_DIR"]
    assert standby["ORDERMESH_GATEWAY_INSTANCE"] == "standby"
    assert gateway["ORDERMESH_GATEWAY_SESSIONS_FILE"] == "/home/run/venues.yaml"
    notify = SPECS["notify"].environment
    assert {name: notify[f"ORDERMESH_{name}"] for name in CHANNELS} == CHANNELS
    assert "a password" not in repr(OPTIONS)


def test_the_channels_of_the_users_environment_are_passed_on(monkeypatch) -> None:
    for name, text in CHANNELS.items():
        monkeypatch.setenv(f"ORDERMESH_{name}", text)
    settings = stack_settings()
    assert settings.own_channels == CHANNELS
    assert "a password" not in repr(settings)


def test_the_relay_runs_only_where_there_is_kafka() -> None:
    relay = SPECS["relay"].environment
    assert relay["ORDERMESH_KAFKA_BOOTSTRAP"] == "127.0.0.1:26092"
    assert relay["ORDERMESH_DATABASE_URL"] == "postgresql://relay@127.0.0.1/db"
    without = Addresses(Path(), AT.home, Ports(), URLS, {}, AT.redis_url, StackOptions())
    assert not {"relay", "archive"} & service_specs(without).keys()


def test_the_archiver_has_a_folder_of_its_own_and_the_checkpoints() -> None:
    archive = SPECS["archive"].environment
    assert archive["ORDERMESH_ARCHIVE"] == "/home/data/event-archive"
    assert archive["ORDERMESH_ARCHIVE_CHECKPOINTS_DIR"] == "/home/checkpoints"


def test_an_entry_is_all_a_new_process_needs() -> None:
    documents = list(yaml.safe_load_all(f"{manifest(RELAY)}---\n{policy(RELAY)}"))
    for document in documents:
        kubernetes_validate.validate(document, "1.34", strict=True)
    kinds = [document["kind"] for document in documents]
    assert kinds == [
        "ServiceAccount", "Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy",
    ]  # fmt: skip
    urls = {"relay": "postgresql://relay@127.0.0.1/db"}
    ports = Ports({**local_ports(), "relay": 25054, "relay_ops": 9160})
    here = LocalPlace(Addresses(Path(), AT.home, ports, urls, urls, "", OPTIONS))
    assert environment(RELAY, here) == {
        "BIND": "127.0.0.1:25054",
        "OPS_BIND": "127.0.0.1:9160",
        "TLS_CERT": "/home/tls/svc-relay.pem",
        "TLS_KEY": "/home/tls/svc-relay.key",
        "TLS_CA": "/home/tls/ca.pem",
        "JWKS_URL": "https://127.0.0.1:9159/.well-known/jwks.json",
        "OMS_TARGET": "127.0.0.1:25051",
        "DATABASE_URL": "postgresql://relay@127.0.0.1/db",
    }
