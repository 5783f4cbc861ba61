"""The one list of our processes.

The local stack (meshctl/stack), the Kubernetes manifests (deploy/manifests.py) and the edge read
it: a process that is added here runs in all three. A settings key is given without ``ORDERMESH_``.
"""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from deploy.process import ORDER_PATH, PORT_KINDS, Files, Process, Scale, Store
from kernel.well_known import JWKS_PATH

BINDS = {
    "grpc": "BIND", "ops": "OPS_BIND", "keys": "IDENTITY_KEYS_BIND", "health": "HEALTH_BIND",
}  # fmt: skip
"""Settings keys of the addresses that a process binds to, by kind of port."""
OF_LIBRARIES: Mapping[str, str] = {
    "GRPC_EXPERIMENTS": "-event_engine_client,-event_engine_listener"
}
"""Environment variables that libraries read before our code runs, the same for every process.

gRPC's event engine has threads of its own, which pass each frame on to the thread that waits for
it. Without it that thread reads the socket itself: half the switches between threads for a frame
(ADR 58)."""
Value_co = TypeVar("Value_co", covariant=True)


def _simulated(mic: str, seed: int, *, ops: int, fix: int, **settings: str) -> Process:
    name = mic.lower()
    return Process(
        name=name,
        module="sim_exchange",
        about=f"{mic}: a simulated venue over real FIX sessions.",
        ops=ops,
        fix=fix,
        certificate=False,
        settings={"SIM_MIC": mic, "SIM_SEED": str(seed), **settings},
        store=Store(setting="SIM_STORE_DIR", local=f"data/{name}", volume="data", size="2Gi"),
        trial=True,
        cpu="200m",
        memory="384Mi",
    )


def owner_of(database_role: str) -> str:
    """Name the role that owns the tables which a role of a service uses."""
    return f"{database_role}_owner"


PROCESSES = (
    Process(
        name="identity",
        module="svc_identity",
        about="Users, sessions, tokens and their public keys.",
        grpc=50053,
        grpc_local=25053,
        ops=9153,
        opened=(
            "ordermesh.identity.v1.AuthService",
            "ordermesh.identity.v1.IdentityAuditService",
            "ordermesh.identity.v1.UserSettingsService",
        ),
        keys=9159,
        database=True,
        files=(
            Files(
                setting="IDENTITY_SIGNING_KEY",
                local="secrets/identity-signing-key.pem",
                volume="signing-keys",
                secret="svc-identity-signing-keys",  # noqa: S106  a name
                mount="/signing-keys",
                about="One or more *.pem; the first by name signs, all are published.",
            ),
        ),
        replicas=2,
        scale=Scale(pods_max=6, cpu_percent=60),
        priority=ORDER_PATH,
        cpu="200m",
        memory="384Mi",
    ),
    Process(
        name="marketdata",
        module="svc_marketdata",
        about="Prices and instruments. Books are in memory and come from the venues again after a "
        "start, so there is one pod, replaced whole. Prices need no database.",
        grpc=50052,
        grpc_local=25052,
        ops=9152,
        opened=(
            "ordermesh.marketdata.v1.MarketDataService",
            "ordermesh.marketdata.v1.InstrumentService",
            "ordermesh.marketdata.v1.ReferenceDataService",
            "ordermesh.marketdata.v1.HistoryService",
            "ordermesh.marketdata.v1.PriceAlertService",
        ),
        internal=("ordermesh.marketdata.v1.FeedService",),
        verifies_tokens=True,
        database=True,
        redis=True,
        recreated=True,
        priority=ORDER_PATH,
        cpu="500m",
        memory="768Mi",
    ),
    Process(
        name="oms",
        module="svc_oms",
        about="Orders. Any replica serves any account; PostgreSQL is the truth.",
        grpc=50051,
        grpc_local=25051,
        ops=9151,
        opened=(
            "ordermesh.oms.v1.OrderService",
            "ordermesh.oms.v1.OrderFlowService",
            "ordermesh.oms.v1.AuditService",
            "ordermesh.oms.v1.KillSwitchService",
            "ordermesh.oms.v1.LimitService",
            "ordermesh.oms.v1.ParkedService",
            "ordermesh.oms.v1.SessionService",
            "ordermesh.oms.v1.RecoveryService",
            "ordermesh.oms.v1.RoutingService",
        ),
        internal=("ordermesh.gateway.v1.VenueLinkService",),
        calls=("marketdata",),
        verifies_tokens=True,
        database=True,
        redis=True,
        replicas=2,
        scale=Scale(
            pods_max=12,
            cpu_percent=60,
            loads={
                "order-streams": ("sum(ordermesh_oms_order_streams)", 400),
                # The queue of a replica that keeps up is nearly empty.
                "waiting-commands": ("sum(ordermesh_oms_queue_items)", 100),
            },
        ),
        priority=ORDER_PATH,
        cpu="500m",
        memory="768Mi",
    ),
    Process(
        name="gateway",
        module="svc_gateway",
        about="FIX sessions to the venues. A session has one owner, and its sequence numbers "
        "survive on the volume. One pod, unless a standby shares its volume: a StatefulSet starts "
        "the next one only when the last one has ended.",
        ops=9154,
        calls=("oms", "marketdata"),
        files=(
            Files(
                setting="GATEWAY_SESSIONS_FILE",
                local="run/venues.yaml",
                volume="venues",
                secret="venues",  # noqa: S106  a name
                mount="/config",
                file="venues.yaml",
                about="The sessions, as svc_gateway/README.md documents them; each deployment "
                "brings its own.",
            ),
        ),
        store=Store(
            setting="GATEWAY_STORE_DIR",
            local="data/gateway",
            volume="store",
            size="10Gi",
        ),
        instance="GATEWAY_INSTANCE",
        reaches_venues=True,
        standby_ops=9158,
        priority=ORDER_PATH,
        cpu="500m",
        memory="512Mi",
    ),
    Process(
        name="notify",
        module="svc_notify",
        about="Notifications: reads the logs, and informs users in the application and outside it. "
        "Every replica serves users; one reads and sends, a second waits for it to fail.",
        grpc=50054,
        grpc_local=25054,
        ops=9162,
        opened=(
            "ordermesh.notify.v1.NotificationService",
            "ordermesh.notify.v1.RuleService",
            "ordermesh.notify.v1.DestinationService",
        ),
        verifies_tokens=True,
        database=True,
        reads_logs=("oms", "marketdata", "identity"),
        instance="NOTIFY_INSTANCE",
        reaches_destinations=True,
        replicas=2,
        cpu="200m",
        memory="192Mi",
    ),
    Process(
        name="relay",
        module="svc_relay",
        about="Copies the logs of the order book, of trades and of users to Kafka, each entry "
        "once. One process has the logs, a second waits for it to fail. Orders do not wait for it.",
        ops=9160,
        reads_logs=("oms", "marketdata", "identity"),
        kafka=True,
        instance="RELAY_INSTANCE",
        replicas=2,
        cpu="200m",
        memory="192Mi",
    ),
    Process(
        name="archive",
        module="svc_archive",
        about="Writes the log in Kafka to the event archive: Parquet files that are chained by "
        "their hashes. One process writes to an archive. Nothing waits for it.",
        ops=9161,
        kafka=True,
        store=Store(setting="ARCHIVE", local="data/event-archive", volume="archive", size="200Gi"),
        cpu="200m",
        memory="512Mi",
    ),
    _simulated("SIMA", 1, ops=9155, fix=9878),
    # Takes only what every venue takes, so that the order book works the rest. It is slower, with
    # larger ticks and more at each: whether an order is better off there depends on its size.
    _simulated(
        "SIMB",
        2,
        ops=9156,
        fix=9879,
        SIM_BASIC_ORDERS="true",
        SIM_LATENCY_MS="5",
        SIM_LADDER_LEVELS="4",
        SIM_LOT_NOTIONAL="60000",
        SIM_TICK_MULTIPLE="2",
    ),
)
SERVICES = tuple(one for one in PROCESSES if not one.trial)
VENUES = tuple(one for one in PROCESSES if one.trial)
BY_NAME = {one.name: one for one in PROCESSES}
KEYS = next(one for one in PROCESSES if one.keys)

EDGE_PORTS = {"edge_tls": 8443, "edge_plain": 8080, "edge_admin": 9901, "edge_ops": 9157}
PART_PORTS = {"postgres": 25432, "redis": 26379, "kafka": 26092, "kafka_controller": 26093}
MONITORING_PORTS = {"prometheus": 26090, "alertmanager": 26094}
"""Of `ordermesh up --monitoring`: programs of the system, not processes of ours."""


def local_ports() -> dict[str, int]:
    """Every TCP port of a local stack by its listener: ``oms``, ``oms_ops``, ``sima_fix``."""
    ports = EDGE_PORTS | PART_PORTS | MONITORING_PORTS
    for one in PROCESSES:
        listeners = {kind: one.port(kind) for kind in PORT_KINDS} | {"grpc": one.grpc_local}
        ports |= {one.listener(kind): port for kind, port in listeners.items() if port}
        if one.standby_ops:
            ports["standby_ops"] = one.standby_ops
    return ports


class Place(Protocol[Value_co]):
    """A place where processes run, and how a setting is written there."""

    host: str
    """What a process binds to."""
    drain_notice_s: int
    """Seconds in which a process that stops serves on, until Envoy has taken it out."""

    def port(self, process: Process, kind: str) -> int:
        """Return a port of a process there; PORT_KINDS lists the kinds."""

    def address(self, process: Process, kind: str) -> str:
        """Return host:port where other processes reach it."""

    def text(self, value: str) -> Value_co:
        """Write a value that anybody may read."""

    def url(self, process: Process, part: str) -> Value_co:
        """Write the URL of its database, or of redis; it holds a password."""

    def kafka(self) -> Mapping[str, Value_co]:
        """Return the settings of the connection to Kafka."""

    def certificate(self, process: Process) -> Mapping[str, str]:
        """Return the paths of TLS_CERT, TLS_KEY and TLS_CA."""

    def path(self, process: Process, of: Files | Store) -> str:
        """Return where files or a folder are."""

    def instance(self, process: Process) -> Value_co:
        """Write the name of a replica."""


def environment(process: Process, at: Place[Value_co]) -> dict[str, Value_co]:
    """Return the settings of a process in a place, by key."""
    texts = {
        setting: f"{at.host}:{at.port(process, kind)}"
        for kind, setting in BINDS.items()
        if process.port(kind)
    }
    if process.fix:
        texts |= {"SIM_HOST": at.host, "SIM_PORT": str(at.port(process, "fix"))}
    if process.certificate:
        texts |= at.certificate(process)
    if process.verifies_tokens:
        texts["JWKS_URL"] = f"https://{at.address(KEYS, 'keys')}{JWKS_PATH}"
    for called in process.calls:
        texts[f"{called.upper()}_TARGET"] = at.address(BY_NAME[called], "grpc")
    stores = () if process.store is None else (process.store,)
    for kept in (*process.files, *stores):
        texts[kept.setting] = at.path(process, kept)
    if process.replicas > 1 and at.drain_notice_s:
        texts["DRAIN_NOTICE_S"] = str(at.drain_notice_s)
    texts |= process.settings
    return {key: at.text(text) for key, text in texts.items()} | _parts(process, at)


def _parts(process: Process, at: Place[Value_co]) -> dict[str, Value_co]:
    """Return what a place knows of itself: servers that are not ours, and the replica's name."""
    values: dict[str, Value_co] = {}
    if process.kafka:
        values |= at.kafka()
    if process.database or process.reads_logs:
        values["DATABASE_URL"] = at.url(process, "database")
    if process.redis:
        values["REDIS_URL"] = at.url(process, "redis")
    if process.instance:
        values[process.instance] = at.instance(process)
    return values
