"""How the edge behaves over time: dead services, long streams, slow readers, floods."""

import contextlib
import threading
import urllib.request

import grpc
import pytest

from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.oms.v1 import order_service_pb2_grpc as oms_grpc
from tests.support.edge import Backend, get_order, request, running_edge
from tests.support.tokens import bearer
from tests.support.waiting import wait_for

GET = "/ordermesh.oms.v1.OrderService/Get"
WATCH = "/ordermesh.oms.v1.OrderService/Watch"


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_a_dead_service_is_unavailable_and_comes_back(edge, token):
    backend = edge.backends["svc-oms"]
    with edge.channel() as channel:
        get_order(channel, token)
        backend.stop()
        assert code_of(lambda: get_order(channel, token)) is grpc.StatusCode.UNAVAILABLE
        # The others do not notice.
        path = "/ordermesh.marketdata.v1.InstrumentService/List"
        other = request(edge, "POST", path, b"{}", token, content_type="application/json")
        assert other.status == 200
        backend.start()
        wait_for(
            lambda: code_of(lambda: get_order(channel, token)) is grpc.StatusCode.OK,
            "the service is back in use",
        )


def test_a_draining_replica_gets_no_new_calls(
    tmp_path, tls_folder, backends, jwks_port, edge, token
):
    """The first replica of two says that it is not ready; calls go to the second alone."""
    draining, other = backends["svc-oms"], Backend("svc-oms", tls_folder)
    other.start()
    both = {
        "oms": (draining.address, other.address),
        "oms_health": (draining.health_address, other.health_address),
    }
    try:
        with (
            running_edge(tmp_path, tls_folder, backends, jwks_port, upstreams=both) as two,
            not_serving(edge, draining),
        ):
            wait_for(lambda: not two.healthy(), "the health check sees the drain")
            with two.channel() as channel:
                for _ in range(10):
                    get_order(channel, token)
    finally:
        other.stop()
    assert draining.seen == []
    assert len(other.seen) == 10


def test_the_only_replica_gets_calls_although_its_health_checks_fail(edge, token):
    """It may only be slow to answer them; a replica that is not ready refuses with its reason."""
    backend = edge.backends["svc-oms"]
    with not_serving(edge, backend):
        wait_for(lambda: not edge.healthy(), "the health check fails")
        with edge.channel() as channel:
            get_order(channel, token)
    assert len(backend.seen) == 1


@contextlib.contextmanager
def not_serving(edge, backend):
    """Let a service answer health checks with 503 until the block ends."""
    backend.health.serving = False
    try:
        yield
    finally:
        backend.health.serving = True
        wait_for(edge.healthy, "the service is healthy again")


def test_a_killed_stream_ends_with_a_status(edge, token):
    started = threading.Event()

    def watch(_request, context):
        yield oms.WatchResponse()
        started.set()
        done = threading.Event()
        context.add_callback(done.set)
        done.wait()

    backend = edge.backends["svc-oms"]
    backend.behaviours[WATCH] = watch
    with edge.channel() as channel:
        answers = oms_grpc.OrderServiceStub(channel).Watch(
            oms.WatchRequest(), metadata=bearer(token)
        )
        next(answers)
        assert started.wait(5)
        backend.stop()
        with pytest.raises(grpc.RpcError) as caught:
            next(answers)
    assert caught.value.code() in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.CANCELLED,
    }
    backend.start()
    wait_for(edge.healthy, "the service is healthy again")


def test_a_silent_stream_outlives_the_timeout_of_unary_calls(edge, token):
    """One call hangs until the edge ends it; a stream opened before is still there then."""
    release = threading.Event()

    def watch(*_):
        yield oms.WatchResponse()
        release.wait()
        yield oms.WatchResponse()

    def hang(_request, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait()

    backend = edge.backends["svc-oms"]
    backend.behaviours.update({WATCH: watch, GET: hang})
    with edge.channel() as channel:
        answers = oms_grpc.OrderServiceStub(channel).Watch(
            oms.WatchRequest(), metadata=bearer(token)
        )
        next(answers)
        assert code_of(lambda: get_order(channel, token)) in {
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.UNAVAILABLE,
        }
        release.set()
        assert next(answers) == oms.WatchResponse()
        assert list(answers) == []


BIG = 16_384
MANY = 1_000


def test_a_reader_that_stops_reading_holds_up_the_service_but_no_other_reader(edge, token):
    sent = {"slow": 0, "quick": 0}

    def watch(request, _):
        who = "slow" if request.heartbeat_s == 1 else "quick"
        message = oms.WatchResponse()
        message.items.add().event.anomaly = "x" * BIG
        for _number in range(MANY):
            sent[who] += 1
            yield message

    edge.backends["svc-oms"].behaviours[WATCH] = watch
    metadata = bearer(token)
    window = (("grpc.http2.lookahead_bytes", 65_536), ("grpc.http2.bdp_probe", 0))
    with edge.channel(*window) as channel:
        stub = oms_grpc.OrderServiceStub(channel)
        slow = stub.Watch(oms.WatchRequest(heartbeat_s=1), metadata=metadata)
        next(slow)
        quick = stub.Watch(oms.WatchRequest(heartbeat_s=2), metadata=metadata)
        assert sum(1 for _ in quick) == MANY
        # 16 MB were offered; what is on the way is bounded by windows and buffers.
        assert sent["slow"] * BIG < 2_000_000
        assert sum(1 for _ in slow) == MANY - 1


def test_probes_and_metrics(edge):
    assert edge.get("/livez", edge.values.ops_bind) == (200, b"ok\n")
    assert edge.get("/readyz", edge.values.ops_bind)[0] == 200
    assert edge.metric("envoy_http_downstream_rq_total") > 0
    assert edge.get("/quitquitquit", edge.values.ops_bind)[0] == 404
    assert edge.get("/healthz") == (200, b"ok\n")


def test_a_flood_is_cut(tmp_path, tls_folder, backends, jwks_port, token):
    limits = {"flood_requests_per_second": 1, "flood_burst_requests": 3}
    with running_edge(tmp_path, tls_folder, backends, jwks_port, **limits) as edge:
        with edge.channel() as channel:
            codes = [code_of(lambda: get_order(channel, token)) for _ in range(20)]
        assert codes[:3] == [grpc.StatusCode.OK] * 3
        assert grpc.StatusCode.RESOURCE_EXHAUSTED in codes


def test_web_app(edge):
    url = f"http://{edge.values.plain_bind}/"
    with urllib.request.urlopen(url, timeout=10) as page:
        assert b"The app" in page.read()
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    with urllib.request.urlopen(f"{url}assets/app-abc.js", timeout=10) as script:
        assert len(script.read()) == 200_000
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "immutable" in script.headers["cache-control"]
    packed = request(edge, "GET", "/assets/app-abc.js", accept_encoding="gzip")
    assert packed.getheader("content-encoding") == "gzip"
    assert len(packed.body) < 10_000


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/assets/",
        "/../envoy.yaml",
        "/assets/..%2f..%2fenvoy.yaml",
        "/%2e%2e/envoy.yaml",
    ],
)
def test_only_the_files_of_the_web_app(edge, path):
    assert request(edge, "GET", path).status in {400, 404}


def test_without_a_web_app_the_page_says_how_to_build_it(tmp_path, tls_folder, backends, jwks_port):
    with running_edge(tmp_path, tls_folder, backends, jwks_port) as edge:
        status, page = edge.get("/")
    assert status == 200
    assert b"npm run build" in page
