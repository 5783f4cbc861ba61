"""The values that differ between one Envoy and another: one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.process import Process
from deploy.processes import KEYS, PROCESSES

PLACEHOLDER_WEB_ROOT = Path(__file__).parent / "placeholder"
"""Served when the web app has not been built; says how to build it."""
UPSTREAMS = tuple(one for one in PROCESSES if one.opened)
"""Processes that the edge opens to the outside."""


def upstreams(address: Callable[[Process, str], str]) -> dict[str, tuple[str, ...]]:
    """Give every upstream the one address of its process, of kind grpc, health or keys."""
    found: dict[str, tuple[str, ...]] = {one.name: (address(one, "grpc"),) for one in UPSTREAMS}
    found |= {f"{one.name}_health": (address(one, "health"),) for one in UPSTREAMS}
    return found | {f"{KEYS.name}_keys": (address(KEYS, "keys"),)}


def upstreams_on_loopback() -> dict[str, tuple[str, ...]]:
    """Give every upstream the default port of its process on this machine."""
    return upstreams(lambda process, kind: f"127.0.0.1:{process.port(kind)}")


def upstreams_in_cluster() -> dict[str, tuple[str, ...]]:
    """Give every upstream the Kubernetes Service of its process."""
    return upstreams(lambda process, kind: f"{process.service}:{process.port(kind)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoyValues:
    """Every value of the template; paths and addresses are as Envoy sees them.

    Attributes:
        tls_cert: Certificate chain of the public listener (PEM).
        tls_key: Its key (PEM).
        client_cert: Certificate Envoy shows to the services (PEM).
        client_key: Its key (PEM).
        ca: The authority that signed the services' certificates (PEM).
        descriptors: The descriptor set `write_descriptors` wrote.
        upstreams: By the name of a process, or that and "_keys" for the public keys of
            tokens: "host:port" of every replica, or one DNS name that stands for them. By the
            name and "_health": where the health of each replica is asked for, in the same order.
        allowed_origins: Exact origins other web pages may call from; the own page needs none.
        web_root: Folder of the built web app; see `web_root_or_placeholder`.
        tls_bind: Public listener: gRPC, gRPC-Web, JSON, web app.
        plain_bind: The same without TLS; loopback only.
        admin_bind: Envoy's admin page; loopback only, it can stop Envoy.
        ops_bind: /livez, /readyz and /metrics only.
        jwt_issuer: The `iss` a token must have.
        jwt_audience: The `aud` a token must have.
        access_log: File of the access log.
        hsts_max_age_s: Strict-Transport-Security; 0 leaves the header out, as on a
            laptop: with it a browser lets no user accept a self-made certificate.
        unary_timeout_s: A unary call that takes longer is ended.
        stream_idle_timeout_s: A stream without frames for so long is ended. Slightly more
            than four times the longest heartbeat a client may ask for (60 s).
        request_body_max_bytes: A larger unary request, or JSON body, is refused.
        json_response_max_bytes: A larger unary answer is not available as JSON.
        flood_requests_per_second: Requests of all clients together; more are refused.
        flood_burst_requests: Requests at once; more are refused.
        address_requests_per_second: Requests of one address; more are refused.
        address_burst_requests: Requests of one address at once; more are refused.
        addresses_counted_max: Addresses whose requests are counted; beyond it, the one that was
            silent longest is forgotten.
        trusted_hops: Proxies of our own in front of this one. Each adds an entry to
            x-forwarded-for; the client's address is the one that the first of them saw. With 0 it
            is the address of the connection, whatever the header says. With more, raise
            connections_per_address_max: all connections come from the proxies.
        connections_max: Client connections at once on the public listener; more are closed.
        plain_connections_max: The same on the plain listener.
        connections_per_address_max: Connections of one address at once on each of the two; more
            are closed. Addresses are counted in groups by a hash (edge/connections.py).
        handshake_timeout_s: A TLS handshake must end in so many seconds, also one that never began.
        request_arrival_s: A request must arrive whole within so many seconds of its first byte. A
            stream's requests may come later, once the service has admitted it.
        connection_idle_s: A connection without a call for so long is closed, also before the first.
        upstream_streams_max: Calls and streams at once per service; more are refused.
        health_check_interval_s: Seconds between two health checks of a replica.
    """

    tls_cert: Path
    tls_key: Path
    client_cert: Path
    client_key: Path
    ca: Path
    descriptors: Path
    upstreams: Mapping[str, tuple[str, ...]] = field(default_factory=upstreams_on_loopback)
    allowed_origins: tuple[str, ...] = ()
    web_root: Path = PLACEHOLDER_WEB_ROOT
    tls_bind: str = "127.0.0.1:8443"
    plain_bind: str = "127.0.0.1:8080"
    admin_bind: str = "127.0.0.1:9901"
    ops_bind: str = "127.0.0.1:9157"
    jwt_issuer: str = "ordermesh"
    jwt_audience: str = "ordermesh"
    access_log: str = "/dev/stdout"
    hsts_max_age_s: int = 0
    unary_timeout_s: int = 30
    stream_idle_timeout_s: int = 250
    request_body_max_bytes: int = 1_048_576
    json_response_max_bytes: int = 4_194_304
    flood_requests_per_second: int = 5_000
    flood_burst_requests: int = 10_000
    address_requests_per_second: int = 2_500
    address_burst_requests: int = 5_000
    addresses_counted_max: int = 10_000
    trusted_hops: int = 0
    connections_max: int = 10_000
    plain_connections_max: int = 2_000
    connections_per_address_max: int = 1_000
    handshake_timeout_s: int = 5
    request_arrival_s: int = 5
    connection_idle_s: int = 30
    upstream_streams_max: int = 10_000
    health_check_interval_s: int = 1

    @classmethod
    def from_certificates(
        cls,
        certificates: Path,
        *,
        descriptors: Path,
        web_root: Path = PLACEHOLDER_WEB_ROOT,
        allowed_origins: tuple[str, ...] = (),
    ) -> "EnvoyValues":
        """Take the files `ensure_dev_certificates` writes, everything else at its default.

        Use `dataclasses.replace` for other values.
        """
        return cls(
            tls_cert=certificates / "edge.pem",
            tls_key=certificates / "edge.key",
            client_cert=certificates / "envoy.pem",
            client_key=certificates / "envoy.key",
            ca=certificates / "ca.pem",
            descriptors=descriptors,
            web_root=web_root,
            allowed_origins=allowed_origins,
        )


def web_root_or_placeholder(dist: Path) -> Path:
    """Take the built web app, or the page that says how to build it."""
    return dist if (dist / "index.html").is_file() else PLACEHOLDER_WEB_ROOT
