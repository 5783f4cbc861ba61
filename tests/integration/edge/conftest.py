"""A real Envoy in front of three small gRPC servers that stand for the services."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from svc_identity.adapters.signing import Es256Signer, TokenRules, load_keys, write_new_key
from tests.support.edge import SERVICES, Backend, Edge, running_edge
from tests.support.forgeries import make_token


@pytest.fixture(scope="session")
def certificates(tls_folder) -> Path:
    return tls_folder


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "signing.pem"
    write_new_key(path)
    return path


@pytest.fixture(scope="session")
def signer(signing_key) -> Es256Signer:
    return Es256Signer(load_keys(signing_key), TokenRules("ordermesh", "ordermesh", 600))


@pytest.fixture(scope="session")
def token(signer) -> str:
    return make_token(signer)


@pytest.fixture(scope="session")
def jwks_port(signer) -> Iterator[int]:
    document = signer.jwks_json().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == "/.well-known/jwks.json"
            self.send_response(200)
            self.send_header("content-length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def backends(certificates) -> Iterator[dict[str, Backend]]:
    all_of_them = {name: Backend(name, certificates) for name in SERVICES}
    for backend in all_of_them.values():
        backend.start()
    yield all_of_them
    for backend in all_of_them.values():
        backend.stop()


@pytest.fixture(scope="module")
def edge(tmp_path_factory, certificates, backends, jwks_port) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    (folder / "web" / "assets").mkdir(parents=True)
    (folder / "web" / "index.html").write_text("<!doctype html><title>The app</title>")
    (folder / "web" / "assets" / "app-abc.js").write_text("/* app */\n" * 20_000)
    with running_edge(folder, certificates, backends, jwks_port, unary_timeout_s=2) as running:
        yield running


@pytest.fixture(autouse=True)
def forget(request):
    """Behaviours and what was seen are a test's own."""
    if "edge" not in request.fixturenames:
        yield
        return
    backends = request.getfixturevalue("backends")
    yield
    for backend in backends.values():
        backend.behaviours.clear()
        backend.seen.clear()
