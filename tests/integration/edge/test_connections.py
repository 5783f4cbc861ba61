"""Connections that do nothing shut out nobody: not other addresses, not the probes."""

import contextlib
import resource
import socket
import ssl

import pytest

from ordermesh.oms.v1 import order_flow_service_pb2 as flow
from ordermesh.oms.v1 import order_flow_service_pb2_grpc as flow_grpc
from tests.support.edge import get_order, request, running_edge
from tests.support.tokens import bearer
from tests.support.waiting import wait_for

LIMITS = {"connections_max": 60, "plain_connections_max": 40, "connections_per_address_max": 20}
OTHER = "127.0.0.2"
FLOW = "/ordermesh.oms.v1.OrderFlowService/Flow"


@pytest.fixture
def small(tmp_path, tls_folder, backends, jwks_port):
    with running_edge(tmp_path, tls_folder, backends, jwks_port, **LIMITS) as edge:
        yield edge


def connect(bind, source="127.0.0.1"):
    host, _, port = bind.rpartition(":")
    made = socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0))
    made.settimeout(20)
    return made


def until_closed(connection):
    """Read until the edge closes the connection."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1000):
            data += part
    return data


def is_open(connection):
    """Whether the edge has not closed it; it never writes first."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def healthz(bind, source):
    with connect(bind, source) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    return False


@pytest.mark.parametrize("listener", ["tls_bind", "plain_bind"])
def test_one_address_has_its_share_of_connections(small, listener):
    bind = getattr(small.values, listener)
    with contextlib.ExitStack() as open_until_the_end:
        idle = [open_until_the_end.enter_context(connect(bind)) for _ in range(60)]
        wait_for(lambda: sum(map(is_open, idle)) == 20, "the others were closed")
        # Probes, metrics and Envoy's own page are not among those that are counted.
        assert small.get("/livez", small.values.ops_bind) == (200, b"ok\n")
        assert small.get("/readyz", small.values.ops_bind)[0] == 200
        # Another address gets in, and the other listener is not touched.
        if listener == "plain_bind":
            assert not healthz(small.values.plain_bind, "127.0.0.1")
            assert healthz(small.values.plain_bind, OTHER)
        else:
            assert healthz(small.values.plain_bind, "127.0.0.1")


def test_10_050_idle_connections_leave_others_and_the_probes_alive(edge, token):
    """The case of the trials, with the limits as they are shipped."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with contextlib.ExitStack() as open_until_the_end:
            for _ in range(10_050):
                with contextlib.suppress(ConnectionError):
                    open_until_the_end.enter_context(connect(edge.values.tls_bind, OTHER))
            assert edge.get("/livez", edge.values.ops_bind) == (200, b"ok\n")
            assert edge.get("/readyz", edge.values.ops_bind)[0] == 200
            with edge.channel() as channel:
                get_order(channel, token)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_full_listener_leaves_the_probes_alone(small):
    bind = small.values.plain_bind
    with contextlib.ExitStack() as open_until_the_end:
        idle = [
            open_until_the_end.enter_context(connect(bind, f"127.0.1.{number}"))
            for number in range(1, 121)
        ]
        wait_for(lambda: sum(map(is_open, idle)) <= 40, "the listener is full")
        assert small.get("/readyz", small.values.ops_bind)[0] == 200
        assert small.get("/ready", small.values.admin_bind)[0] == 200


def test_a_handshake_that_does_not_begin_ends(tmp_path, tls_folder, backends, jwks_port):
    with (
        running_edge(tmp_path, tls_folder, backends, jwks_port, handshake_timeout_s=1) as edge,
        connect(edge.values.tls_bind) as silent,
    ):
        assert until_closed(silent) == b""


def test_a_connection_without_a_call_ends(tmp_path, tls_folder, backends, jwks_port):
    """On both listeners, before and after the first call."""
    limits = {"connection_idle_s": 1}
    with running_edge(tmp_path, tls_folder, backends, jwks_port, **limits) as edge:
        with connect(edge.values.plain_bind) as silent:
            assert until_closed(silent) == b""
        context = ssl.create_default_context(cafile=str(tls_folder / "ca.pem"))
        context.set_alpn_protocols(["http/1.1"])
        with (
            connect(edge.values.tls_bind) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as silent,
        ):
            assert until_closed(silent) == b""
        with connect(edge.values.plain_bind) as served:
            served.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert until_closed(served).endswith(b"ok\n")


def test_a_stream_whose_requests_come_later_goes_on(
    tmp_path, tls_folder, backends, jwks_port, token
):
    """The service has admitted it: the time for the whole request does not count any more."""

    def echo(requests, context):
        context.send_initial_metadata(())
        for frame in requests:
            numbers = [command.correlation_id for command in frame.commands]
            yield flow.FlowResponse(results=[{"correlation_id": number} for number in numbers])

    backends["svc-oms"].behaviours[FLOW] = echo
    with (
        running_edge(tmp_path, tls_folder, backends, jwks_port, request_arrival_s=1) as edge,
        edge.channel() as channel,
        connect(edge.values.plain_bind) as half,
    ):

        def requests():
            yield flow.FlowRequest(commands=[flow.FlowCommand(correlation_id=1)])
            # A request that never arrives whole began later, and has been ended.
            half.sendall(
                b"POST /ordermesh.identity.v1.AuthService/Login HTTP/1.1\r\nhost: x\r\n"
                b"content-type: application/json\r\ncontent-length: 9\r\n\r\n{"
            )
            assert half.recv(100).startswith(b"HTTP/1.1 408")
            yield flow.FlowRequest(commands=[flow.FlowCommand(correlation_id=2)])

        answers = flow_grpc.OrderFlowServiceStub(channel).Flow(
            requests(), metadata=bearer(token), timeout=20
        )
        assert [answer.results[0].correlation_id for answer in answers] == [1, 2]


def test_one_address_that_floods_leaves_room_for_others(tmp_path, tls_folder, backends, jwks_port):
    limits = {"address_requests_per_second": 1, "address_burst_requests": 3}
    with running_edge(tmp_path, tls_folder, backends, jwks_port, **limits) as edge:
        bind = edge.values.plain_bind
        assert [healthz(bind, "127.0.0.1") for _ in range(6)].count(True) < 6
        assert healthz(bind, OTHER)


@pytest.mark.parametrize(
    ("hops", "header", "client"),
    [
        (0, "203.0.113.9", "own"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "own"),
    ],
)
def test_only_proxies_of_our_own_say_whose_a_call_is(
    tmp_path, tls_folder, backends, jwks_port, token, hops, header, client
):
    """The last entry of x-forwarded-for is the client, whatever a caller wrote there."""
    with running_edge(tmp_path, tls_folder, backends, jwks_port, trusted_hops=hops) as edge:
        with edge.channel() as channel:
            get_order(channel, token, "", ("x-forwarded-for", header))
        log = edge.log.with_name("access.log")
        wait_for(lambda: log.read_text().count("OrderService/Get"), "it is in the access log")
    (seen,) = backends["svc-oms"].seen
    last = seen["x-forwarded-for"].rpartition(",")[2].strip()
    if client == "own":
        assert last not in header
    else:
        assert last == client
        assert f'"client":"{client}"' in log.read_text()


@pytest.mark.parametrize("path", ["MarketDataService/List", "InstrumentService/List"])
def test_a_client_that_closes_after_one_call_gets_the_whole_reply(edge, token, path):
    """HTTP/1.1 with "Connection: close", as urllib sends it; refused or answered by a service."""
    url = f"/ordermesh.marketdata.v1.{path}"
    kept = request(edge, "POST", url, b"{}", token, content_type="application/json")
    ended = request(
        edge, "POST", url, b"{}", token, content_type="application/json", connection="close"
    )
    assert (ended.status, ended.body) == (kept.status, kept.body)
