"""The two components that make the Secrets of a cluster: certificates, and what a vault keeps."""

from pathlib import Path
from string import Template

from deploy.processes import SERVICES
from deploy.scaling import GENERATED

# 90 days, renewed 30 days before the end: an alert comes 14 days before it (docs/OPERATIONS.md).
CERTIFICATE = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: $name
spec:
  secretName: $name-tls
  dnsNames: [$hosts]
  usages: [server auth, client auth]
  duration: 2160h
  renewBefore: 720h
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  issuerRef: {kind: Issuer, name: mesh}
"""
EXTERNAL = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: $name
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: SecretStore, name: ordermesh}
  target:
    name: $name
    creationPolicy: Owner
    template: {type: $kind, mergePolicy: Merge$labels}
  dataFrom:
    - extract: {key: ordermesh/$name}
"""
LABELS = ', metadata: {labels: {cnpg.io/reload: "true"}}'
"""With it CloudNativePG sets a changed password at once, and not at its next look."""
DATABASE = "kubernetes.io/basic-auth"
"""Keys url, username and password: services take the first, CloudNativePG the other two."""


def certified() -> dict[str, str]:
    """Return the DNS names of each certificate of the mesh's authority, by what it is for.

    What needs Kafka has certificates of Kafka's authority instead.
    """
    names = [one.service for one in SERVICES if one.certificate and not one.kafka]
    return {name: f"{name}.ordermesh.internal" for name in [*names, "envoy"]} | {
        "redis": "redis, redis.ordermesh.svc"
    }


def kept() -> dict[str, str]:
    """Return the type of each Secret that a vault keeps, by name."""
    databases = [
        f"{one.service}-{part}"
        for one in SERVICES
        for part, used in (
            ("database", one.database or one.reads_logs),
            ("database-owner", one.database),
        )
        if used
    ]
    files = {file.secret for one in SERVICES for file in one.files if one.name != "gateway"}
    plain = sorted({"redis", "checkpoint-key"} | files)
    return dict.fromkeys(databases, DATABASE) | dict.fromkeys(plain, "Opaque")


def files() -> dict[Path, str]:
    """Return the generated files of both components, by their path below k8s/."""
    certificates = [
        Template(CERTIFICATE).substitute(name=name, hosts=hosts)
        for name, hosts in certified().items()
    ]
    secrets = [
        Template(EXTERNAL).substitute(
            name=name, kind=kind, labels=LABELS if kind == DATABASE else ""
        )
        for name, kind in kept().items()
    ]
    return {
        Path("components/cert-manager/certificates.yaml"): GENERATED + "---\n".join(certificates),
        Path("components/external-secrets/secrets.yaml"): GENERATED + "---\n".join(secrets),
    }
