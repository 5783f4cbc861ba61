"""Writes the Kubernetes manifests of our processes from the one list: `python -m deploy.manifests`.

What a cluster has beside them is written by hand: k8s/base/envoy.yaml, the namespace, the policies
that hold for all, and what an overlay brings.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from deploy import scaling, secrets
from deploy.process import PORT_KINDS, Files, Process, Store
from deploy.processes import BY_NAME, KEYS, OF_LIBRARIES, PROCESSES, SERVICES, VENUES, environment
from deploy.scaling import GENERATED
from deploy.topics import Topics, read_topics

PREFIX = "ordermesh."
"""Of the names of topics, as the relay has it by default."""
K8S = Path(__file__).resolve().parent.parent / "k8s"
WIDTH = 96
NAME = "app.kubernetes.io/name"
PART = "ordermesh/part"
"""Label of pods that are no service of ours: postgres, redis, kafka, venue (of a simulated one)."""
POD_PORTS = {"postgres": 5432, "redis": 6379, "kafka": 9093}
TEMPLATE = Path(__file__).with_name("process.yaml.tmpl")
# What only some processes have.
SPREAD = """\
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app.kubernetes.io/name: ${name}}}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app.kubernetes.io/name: ${name}}}
"""
MIGRATION = """\
initContainers:
  # Waits for its turn when several pods start at once. Its role owns the tables, the service's
  # role only uses them.
  - name: migrate
    image: ordermesh
    args: [-m, ${module}.admin, migrate, --service-role, ${role}]
    env:
      - {name: ORDERMESH_DATABASE_URL, ${url}}
    resources: {requests: {cpu: 50m, memory: 192Mi}, limits: {memory: 192Mi}}
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
"""
CLAIM = """\
volumeClaimTemplates:
  - metadata:
      name: ${volume}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: ${size}}}
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  minAvailable: 1
  selector: {matchLabels: {app.kubernetes.io/name: ${name}}}
"""


class Cluster:
    """A Kubernetes namespace: settings are the rest of an entry of ``env``."""

    host = "0.0.0.0"  # noqa: S104  inside a pod, behind NetworkPolicies
    # Envoy takes a replica out after two failed health checks, a second apart.
    drain_notice_s = 3

    def port(self, process: Process, kind: str) -> int:
        """The port of the list: each pod has an address of its own."""
        return process.port(kind)

    def address(self, process: Process, kind: str) -> str:
        """By the Service's name."""
        return f"{process.service}:{self.port(process, kind)}"

    def text(self, value: str) -> str:
        """Write a value."""
        plain = ":" not in value and not value[:1].isdigit() and value not in {"true", "false"}
        return f"value: {value}" if plain else f'value: "{value}"'

    def url(self, process: Process, part: str) -> str:
        """Take it from a Secret."""
        secret = "redis" if part == "redis" else f"{process.service}-{part}"
        return f"valueFrom: {{secretKeyRef: {{name: {secret}, key: url}}}}"

    def kafka(self) -> Mapping[str, str]:
        """Take it from a ConfigMap."""
        return {"KAFKA_BOOTSTRAP": "valueFrom: {configMapKeyRef: {name: kafka, key: bootstrap}}"}

    def certificate(self, process: Process) -> Mapping[str, str]:  # noqa: ARG002  the same for all
        """Read them where the Secret is mounted."""
        return {"TLS_CERT": "/tls/tls.crt", "TLS_KEY": "/tls/tls.key", "TLS_CA": "/tls/ca.crt"}

    def path(self, process: Process, of: Files | Store) -> str:  # noqa: ARG002  the same for all
        """Read or keep them where the volume is mounted."""
        return "/data" if isinstance(of, Store) else f"{of.mount}/{of.file}".rstrip("/")

    def instance(self, process: Process) -> str:  # noqa: ARG002  the same for all
        """Name a replica by its pod."""
        return "valueFrom: {fieldRef: {fieldPath: metadata.name}}"


def manifest(process: Process) -> str:
    """Return all documents of one process but its policy."""
    name = process.service
    env = environment(process, Cluster())
    values: dict[str, str | list[str]] = {
        "name": name,
        "module": process.module,
        "cpu": process.cpu,
        "memory": process.memory,
        "priority": process.priority,
        "labels": _labels(process),
        "kind": "StatefulSet" if process.store else "Deployment",
        "service_ports": [
            f"- {{name: {kind}, port: {port}, targetPort: {kind}}}"
            for kind, port in _ports(process)
        ],
        "container_ports": [
            f"- {{name: {kind}, containerPort: {port}}}" for kind, port in _ports(process)
        ],
        "replaced": _replaced(process),
        "spread": _part(SPREAD, name=name) if process.replicas > 1 else [],
        "migration": _migration(process) if process.database else [],
        "env": [
            *(f'- {{name: {name}, value: "{value}"}}' for name, value in OF_LIBRARIES.items()),
            *(f"- {{name: ORDERMESH_{key}, {value}}}" for key, value in env.items()),
        ],
        "mounts": _mounts(process),
        "volumes": _volumes(process),
        "claims": _claims(process.store) if process.store else [],
    }
    documents = [GENERATED + _comment(process.about) + fill(TEMPLATE.read_text("utf-8"), values)]
    if process.replicas > 1:
        documents.append("\n".join(_part(BUDGET, name=name)) + "\n")
    return "---\n".join(documents)


def _labels(process: Process) -> str:
    labels = {NAME: process.service} | ({PART: "venue"} if process.trial else {})
    return ", ".join(f"{key}: {value}" for key, value in labels.items())


def fill(template: str, values: Mapping[str, str | list[str]]) -> str:
    """Put values in their places; a list has a line of its own, which is left out if it is empty."""
    lines: list[str] = []
    for line in template.splitlines():
        value = values.get(line.strip().removeprefix("${").removesuffix("}"))
        if isinstance(value, list):
            indent = line[: line.index("$")]
            lines += [f"{indent}{one}" for one in value]
        else:
            lines.append(Template(line).substitute(values))
    return "".join(f"{line}\n" for line in lines)


def _part(template: str, **values: str) -> list[str]:
    return fill(template, values).splitlines()


def _replaced(process: Process) -> list[str]:
    """How many pods, and how new ones take their place."""
    if process.store:
        return [f"serviceName: {process.service}", f"replicas: {process.replicas}"]
    strategy = "{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"
    if process.recreated:
        strategy = "{type: Recreate}"
    return [f"replicas: {process.replicas}", f"strategy: {strategy}"]


def _migration(process: Process) -> list[str]:
    url = Cluster().url(process, "database-owner")
    return _part(MIGRATION, module=process.module, role=process.database_role, url=url)


def _mounts(process: Process) -> list[str]:
    mounts = ["{name: tls, mountPath: /tls, readOnly: true}"] if process.certificate else []
    mounts.append("{name: tmp, mountPath: /tmp}")
    mounts += [
        f"{{name: {one.volume}, mountPath: {one.mount}, readOnly: true}}" for one in process.files
    ]
    if process.store:
        mounts.append(f"{{name: {process.store.volume}, mountPath: /data}}")
    return [f"- {mount}" for mount in mounts]


def _volumes(process: Process) -> list[str]:
    lines = []
    if process.certificate:
        lines = [
            "# Keys tls.crt, tls.key and ca.crt, as cert-manager writes them.",
            _secret_volume("tls", f"{process.service}-tls"),
        ]
    lines.append("- {name: tmp, emptyDir: {sizeLimit: 64Mi}}")
    for one in process.files:
        lines += [f"# {one.about}", _secret_volume(one.volume, one.secret)]
    return lines


def _secret_volume(volume: str, secret: str) -> str:
    return f"- {{name: {volume}, secret: {{secretName: {secret}, defaultMode: 0440}}}}"


def _claims(store: Store) -> list[str]:
    return _part(CLAIM, volume=store.volume, size=store.size)


def policy(process: Process) -> str:
    """Return the NetworkPolicy of one process: who may speak to it, and to whom it may speak."""
    ingress = []
    callers = [one.service for one in PROCESSES if process.name in one.calls]
    if process.opened:
        callers.insert(0, "envoy")
    if process.grpc:
        ingress.append(_rule("from", callers, ["grpc"]))
    if process.opened:
        ingress.append(_rule("from", ["envoy"], ["health"]))
    if process.keys:
        readers = [one.service for one in SERVICES if one.verifies_tokens]
        ingress.append(_rule("from", ["envoy", *readers], ["keys"]))
    if process.fix:
        ingress.append(
            _rule("from", [one.service for one in SERVICES if one.reaches_venues], ["fix"])
        )
    egress = [_to(one, [one.grpc]) for one in SERVICES if one.name in process.calls]
    if process.verifies_tokens:
        egress.append(_to(KEYS, [KEYS.keys]))
    database = process.database or process.reads_logs
    uses = {"postgres": database, "redis": process.redis, "kafka": process.kafka}
    egress += [_to_part(part, [POD_PORTS[part]]) for part, used in uses.items() if used]
    if process.reaches_venues:
        egress.append(_to_part("venue", ["fix"]))
    return _policy(process.service, ingress, egress)


def edge_policy() -> str:
    """Return the NetworkPolicy of the edge: the only way in."""
    egress = [
        _to(one, [port for kind in ("grpc", "health", "keys") if (port := one.port(kind))])
        for one in SERVICES
        if one.opened
    ]
    return _policy("envoy", ["- {ports: [{port: https}]}"], egress)


def _policy(name: str, ingress: list[str], egress: list[str]) -> str:
    rules = ""
    for direction, lines in (("ingress", ingress), ("egress", egress)):
        if lines:
            rules += f"  {direction}:\n{_indented(4, lines)}"
    return f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
spec:
  podSelector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}
  policyTypes: [Ingress, Egress]
{rules}"""


def _rule(direction: str, names: Iterable[str], ports: Iterable[str | int]) -> str:
    peers = ", ".join(
        f"{{podSelector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}}}" for name in names
    )
    listed = ", ".join(f"{{port: {port}}}" for port in ports)
    return f"- {{{direction}: [{peers}], ports: [{listed}]}}"


def _to(process: Process, ports: Iterable[int]) -> str:
    return _rule("to", [process.service], ports)


def _to_part(part: str, ports: Iterable[str | int]) -> str:
    listed = ", ".join(f"{{port: {port}}}" for port in ports)
    return f"- {{to: [{{podSelector: {{matchLabels: {{{PART}: {part}}}}}}}], ports: [{listed}]}}"


def _ports(process: Process) -> list[tuple[str, int]]:
    return [(kind, process.port(kind)) for kind in PORT_KINDS if process.port(kind)]


def _indented(spaces: int, lines: Iterable[str]) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in lines)


def _comment(text: str) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("")
        lines[-1] += f" {word}"
    return "".join(f"#{line}\n" for line in lines)


def kustomization(names: Iterable[str]) -> str:
    """Return the kustomization.yaml of a folder of ours."""
    return f"""\
{GENERATED}apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
{_indented(2, (f"- {name}" for name in names))}"""


def files() -> dict[Path, str]:
    """Return every file that is written, by its path below k8s/."""
    found: dict[Path, str] = {}
    for folder, processes, more in (
        ("base/processes", [one for one in SERVICES if _in_base(one)], [edge_policy()]),
        ("components/kafka/processes", [one for one in SERVICES if one.kafka], []),
        ("overlays/dev/processes", VENUES, []),
    ):
        texts = {f"{one.service}.yaml": manifest(one) for one in processes}
        # One policy selects all gateways, those of single venues too.
        gateways = [BY_NAME["gateway"]] if folder == "base/processes" else []
        policies = "---\n".join([*more, *(policy(one) for one in (*processes, *gateways))])
        texts["network-policies.yaml"] = (
            f"{GENERATED}# Policies add up: an overlay opens what is outside of the namespace with "
            f"further ones.\n{policies}"
        )
        texts["kustomization.yaml"] = kustomization(texts)
        found |= {Path(folder) / name: text for name, text in texts.items()}
    gateway = BY_NAME["gateway"]
    found[Path("gateway/svc-gateway.yaml")] = manifest(gateway)
    found[Path("gateway/kustomization.yaml")] = kustomization(["svc-gateway.yaml"])
    found |= scaling.files() | secrets.files()
    of_kafka = Path("components/kafka/topics")
    found[of_kafka / "topics.yaml"] = topics(read_topics())
    found[of_kafka / "kustomization.yaml"] = kustomization(["topics.yaml"])
    return found


def _in_base(process: Process) -> bool:
    """Not what needs Kafka, and not the gateway: an overlay has one, or one for each venue."""
    return not process.kafka and process.name != "gateway"


def topics(listed: Topics) -> str:
    """Return the topics of the log as Strimzi's resources."""
    documents = []
    for topic in listed.topics:
        settings = ", ".join(f"{key}: {value}" for key, value in topic.configuration().items())
        documents.append(
            f"""\
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {PREFIX}{topic.name}
  labels: {{strimzi.io/cluster: kafka}}
spec:
  partitions: {topic.partitions}
  replicas: {listed.replication}
  config: {{{settings}}}
"""
        )
    return GENERATED.replace("processes.py", "topics.yaml") + "---\n".join(documents)


def main() -> int:
    """Write the files, and remove those of processes that are gone."""
    written = files()
    for folder in {path.parent for path in written}:
        for old in (K8S / folder).glob("*.yaml"):
            ours = old.read_text("utf-8").startswith(GENERATED)
            if ours and folder / old.name not in written:
                old.unlink()
    for path, text in written.items():
        (K8S / path).parent.mkdir(parents=True, exist_ok=True)
        (K8S / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
