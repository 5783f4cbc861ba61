"""Kinds of other operators in our overlays, compared with what these operators publish.

Strimzi publishes no Go module: k8s/README.md says how its kinds were compared.
"""

import copy

import jsonschema
import pytest

from tests.support.custom_kinds import schemas, validate
from tests.support.manifests import built, name_of

OVERLAYS = ("overlays/staging", "overlays/prod")


def custom(folder):
    """Documents of kinds that Kubernetes does not have itself."""
    known = schemas()
    groups = {group.partition("/")[0] for group, _ in known}
    documents = built(folder)
    return [one for one in documents if one["apiVersion"].partition("/")[0] in groups]


@pytest.mark.parametrize("folder", OVERLAYS)
def test_every_document_of_another_operators_kind_is_valid(folder):
    found = custom(folder)
    assert {one["kind"] for one in found} >= {
        "Certificate", "Issuer", "ExternalSecret", "SecretStore", "Cluster", "Database",
        "ScheduledBackup", "PodMonitor", "PrometheusRule",
    }  # fmt: skip
    for document in found:
        try:
            validate(document)
        except jsonschema.ValidationError as error:
            raise AssertionError(
                f"{name_of(document)}: {error.json_path}: {error.message}"
            ) from None


def test_an_unknown_field_is_seen():
    document = next(one for one in custom("overlays/prod") if one["kind"] == "ScaledObject")
    broken = copy.deepcopy(document)
    broken["spec"]["pollingIntervall"] = 15
    with pytest.raises(jsonschema.ValidationError, match="pollingIntervall"):
        validate(broken)
