"""What the list of our processes says of each: one row of deploy/processes.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PORT_KINDS = ("grpc", "keys", "fix", "ops", "health")
HEALTH_ABOVE_OPS = 20
"""The port where the edge asks for the health of a process is so far above its ops port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files that a process is given.

    Attributes:
        setting: The settings key that names them.
        local: Their path below the home of the local stack.
        volume: Name of the volume, filled from the Secret ``secret``.
        mount: Where a pod has them, and ``file`` in it; "" for the whole folder.
        about: What they are.
    """

    setting: str
    local: str
    volume: str
    secret: str
    mount: str
    file: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A folder that must survive the process: its settings key, place and size."""

    setting: str
    local: str
    volume: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How the number of pods follows the load: at least ``replicas``, at most ``pods_max``.

    Attributes:
        pods_max: Pods at most.
        cpu_percent: Share of the requested CPU that a pod should use, in percent.
        loads: Further measures by name: a query of Prometheus over all pods, and how much of it
            one pod should have. The largest number of pods that any measure asks for is taken.
    """

    pods_max: int
    cpu_percent: int
    loads: Mapping[str, tuple[str, int]] = field(default_factory=dict)


ORDER_PATH = "ordermesh-order-path"
"""Priority of what an order passes: under pressure a node ends other pods before these."""
SUPPORT = "ordermesh-support"
"""Priority of what orders do not wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of ours.

    Attributes:
        name: Short name: log and port of the local stack.
        module: Run as ``python -m module``; migrations are ``python -m module.admin migrate``.
        about: What it is, in a sentence.
        ops: Port of /metrics, /livez and /readyz.
        grpc: Port of its gRPC server; 0 for none.
        grpc_local: The same on a developer's machine: below 32768, where Linux takes the ports of
            outgoing connections from, so that it is free again after kill -9.
        fix: Port of its FIX acceptor; 0 for none.
        opened: Services that the edge opens to the outside.
        internal: Services for our own processes only.
        calls: Processes whose gRPC server it calls; the settings key is ``<NAME>_TARGET``.
        certificate: Has a certificate of the mesh's authority.
        verifies_tokens: Reads the public keys of tokens.
        keys: Port with mutual TLS where it publishes the public keys of tokens; 0 for none.
        database: Has a schema in PostgreSQL, which its owner's role migrates.
        kafka: Writes to Kafka or reads from it, so it runs only where there is a cluster.
        reads_logs: Processes whose logs it reads in PostgreSQL, with a role of its own.
        redis: Uses Redis.
        files: Files it is given.
        store: The folder that it keeps.
        instance: The settings key for the name of a replica.
        settings: Further settings, the same everywhere.
        reaches_venues: May open connections to the outside, and to simulated venues.
        reaches_destinations: May open connections to the outside.
        standby_ops: Ops port of a second replica of the local stack; 0 where there is none.
        trial: Only in overlays and local stacks: a simulated venue.
        replicas: Pods.
        scale: How that number follows the load; None: it does not.
        priority: ORDER_PATH or SUPPORT.
        recreated: The old pod ends before the new one starts.
        cpu: Requested of Kubernetes; there is no limit: throttling would be latency of orders.
        memory: Requested, and the limit.
    """

    name: str
    module: str
    about: str
    ops: int
    grpc: int = 0
    grpc_local: int = 0
    fix: int = 0
    opened: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    certificate: bool = True
    verifies_tokens: bool = False
    keys: int = 0
    database: bool = False
    reads_logs: tuple[str, ...] = ()
    kafka: bool = False
    redis: bool = False
    files: tuple[Files, ...] = ()
    store: Store | None = None
    instance: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    reaches_venues: bool = False
    reaches_destinations: bool = False
    standby_ops: int = 0
    trial: bool = False
    replicas: int = 1
    scale: Scale | None = None
    priority: str = SUPPORT
    recreated: bool = False
    cpu: str
    memory: str

    @property
    def database_role(self) -> str:
        """Role of PostgreSQL that it connects as; it does not own its tables."""
        return f"ordermesh_{self.name}"

    @property
    def service(self) -> str:
        """Name of its certificate, its pods and its Kubernetes Service."""
        return self.name if self.trial else self.module.replace("_", "-")

    def port(self, kind: str) -> int:
        """Return its port of a kind (PORT_KINDS) where each process has its own address; 0: none.

        Only what the edge opens to the outside is asked for its health.
        """
        if kind == "health":
            return self.ops + HEALTH_ABOVE_OPS if self.opened else 0
        return {"grpc": self.grpc, "keys": self.keys, "fix": self.fix, "ops": self.ops}[kind]

    def listener(self, kind: str) -> str:
        """Name the same port in a local stack, where all processes have one address."""
        return self.name if kind == "grpc" else f"{self.name}_{kind}"
