"""Schemas of the kinds that other operators bring, as they publish them.

They come as files of Go modules, so that `go` fetches them once and compares their hashes
(k8s/schemas/go.sum).
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.manifests import K8S

NO_GO = "needs go: apt-get install golang, or https://go.dev/dl; then run again"
FILES = {
    "github.com/cert-manager/cert-manager": (
        "deploy/crds/cert-manager.io_certificates.yaml",
        "deploy/crds/cert-manager.io_issuers.yaml",
    ),
    "github.com/cloudnative-pg/cloudnative-pg": (
        "config/crd/bases/postgresql.cnpg.io_clusters.yaml",
        "config/crd/bases/postgresql.cnpg.io_databases.yaml",
        "config/crd/bases/postgresql.cnpg.io_scheduledbackups.yaml",
    ),
    "github.com/external-secrets/external-secrets": (
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
        "config/crds/bases/external-secrets.io_secretstores.yaml",
    ),
    "github.com/kedacore/keda/v2": ("config/crd/bases/keda.sh_scaledobjects.yaml",),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
}
"""Where each module of k8s/schemas/go.mod defines the kinds that we use."""
Kind = tuple[str, str]
"""apiVersion and kind."""


class _Loader(yaml.CSafeLoader):
    """Takes `=` for a text, as YAML 1.2 does: it is an operator of matchers."""


_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)


@cache
def schemas() -> dict[Kind, dict[str, Any]]:
    """Return the schema of every kind in FILES; skips where there is no go."""
    if shutil.which("go") is None:
        pytest.skip(NO_GO)
    found: dict[Kind, dict[str, Any]] = {}
    for module in _modules():
        for name in FILES[module["Path"]]:
            found |= _defined(_read(Path(module["Dir"]) / name))
    return found


def _read(path: Path) -> dict[str, Any]:
    definition: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506  a safe one
    return definition


def _modules() -> list[dict[str, str]]:
    done = subprocess.run(
        ["go", "mod", "download", "-json"],  # noqa: S607  as found above
        cwd=K8S / "schemas",
        env={**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decoder, text, modules = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        module, end = decoder.raw_decode(text)
        modules.append(module)
        text = text[end:].lstrip()
    return modules


def _defined(definition: dict[str, Any]) -> dict[Kind, dict[str, Any]]:
    spec = definition["spec"]
    return {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): version["schema"][
            "openAPIV3Schema"
        ]
        for version in spec["versions"]
        if version["served"]
    }


def validate(document: dict[str, Any]) -> None:
    """Compare a document with the schema of its kind; an unknown field is an error.

    Raises:
        jsonschema.ValidationError: It does not fit.
        KeyError: No operator of FILES has the kind.
    """
    _validator((document["apiVersion"], document["kind"])).validate(document)


@cache
def _validator(kind: Kind) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_strict(schemas()[kind]))


def _strict(schema: Any, *, top: bool = True) -> Any:
    """Refuse unknown fields wherever the schema names fields, as strict validation does."""
    if isinstance(schema, list):
        return [_strict(one, top=False) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # Formats and flags of Go's expressions are others than Python's.
    strict = {
        key: {name: _strict(one, top=False) for name, one in value.items()}
        if key == "properties"
        else _strict(value, top=False)
        for key, value in schema.items()
        if key != "format" and not (key == "pattern" and "(?i)" in str(value))
    }
    if top:
        strict["properties"] = strict["properties"] | {"metadata": {"type": "object"}}
    open_ended = (
        "additionalProperties" in strict
        or strict.get("x-kubernetes-preserve-unknown-fields")
        or strict.get("x-kubernetes-embedded-resource")
    )
    if "properties" in strict and not open_ended:
        strict["additionalProperties"] = False
    return strict
