"""The component that brings Kafka: what kustomize makes of it over the dev overlay."""

import os

import kubernetes_validate
import pytest
import yaml

from deploy.topics import read_topics
from mesh.settings import load_settings
from svc_archive.settings import ArchiveSettings
from svc_relay.settings import RelaySettings
from tests.support.manifests import COMPONENT, K8S, built, containers, written

OWN_KINDS = {"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"}


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overlay")
    here = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(K8S / "overlays/dev", folder.resolve())],
        "components": [os.path.relpath(K8S / COMPONENT, folder.resolve())],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(here))
    return built(str(folder))


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def test_what_kubernetes_knows_is_valid_and_the_rest_is_strimzis(documents):
    for document in documents:
        if document["kind"] in OWN_KINDS:
            assert document["apiVersion"] == "kafka.strimzi.io/v1"
        else:
            kubernetes_validate.validate(document, "1.34", strict=True)


def test_its_topics_are_those_of_the_file(documents):
    made = {one["metadata"]["name"]: one["spec"] for one in of_kind(documents, "KafkaTopic")}
    prefix = RelaySettings().kafka_topic_prefix
    listed = read_topics()
    assert set(made) == {prefix + topic.name for topic in listed.topics}
    for topic in listed.topics:
        spec = made[prefix + topic.name]
        assert (spec["partitions"], spec["replicas"]) == (topic.partitions, listed.replication)
        assert {key: str(value) for key, value in spec["config"].items()} == topic.configuration()


def test_the_relay_is_set_up_and_may_do_what_it_does(documents):
    (relay,) = [
        one for one in of_kind(documents, "Deployment") if one["metadata"]["name"] == "svc-relay"
    ]
    environment = {one["name"]: one.get("value", "given") for one in containers(relay)[0]["env"]}
    assert load_settings(RelaySettings, environment).kafka_bootstrap
    prefix = RelaySettings().kafka_topic_prefix
    assert rights_of(documents, "svc-relay") == {
        ("topic", prefix): {"Describe", "Write"},
        ("topic", f"{prefix}relay-positions"): {"Read"},
        ("group", f"{prefix}relay"): {"Read"},
        ("transactionalId", f"{prefix}relay"): {"Describe", "Write"},
    }
    assert tls_of(relay) == ["svc-relay", "kafka-cluster-ca-cert"]


def test_the_archiver_is_set_up_and_may_read_and_nothing_else(documents):
    (archive,) = [
        one for one in of_kind(documents, "StatefulSet") if one["metadata"]["name"] == "svc-archive"
    ]
    environment = {one["name"]: one.get("value", "given") for one in containers(archive)[0]["env"]}
    assert load_settings(ArchiveSettings, environment).archive == "/data"
    assert archive["spec"]["replicas"] == 1
    prefix = ArchiveSettings().kafka_topic_prefix
    assert rights_of(documents, "svc-archive") == {
        ("topic", prefix): {"Describe", "Read"},
        ("group", f"{prefix}archive"): {"Read"},
    }
    assert tls_of(archive) == ["svc-archive", "kafka-cluster-ca-cert"]


def rights_of(documents, name):
    (user,) = [one for one in of_kind(documents, "KafkaUser") if one["metadata"]["name"] == name]
    return {
        (rule["resource"]["type"], rule["resource"]["name"]): set(rule["operations"])
        for rule in user["spec"]["authorization"]["acls"]
    }


def tls_of(workload):
    (volume,) = [
        one for one in workload["spec"]["template"]["spec"]["volumes"] if one["name"] == "tls"
    ]
    return [one["secret"]["name"] for one in volume["projected"]["sources"]]


def test_every_file_of_it_is_listed():
    listed = yaml.safe_load((K8S / COMPONENT / "kustomization.yaml").read_text())["resources"]
    assert {path.name for path in (K8S / COMPONENT).iterdir()} - {"kustomization.yaml"} == set(
        listed
    )
    assert written(f"{COMPONENT}/processes")
