"""A real Envoy in front of three small gRPC servers that stand for the services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles
from svc_identity.adapters.signing import Es256Signer, TokenRules, load_keys, write_new_key
from tests.support.edge import SERVICES, Backend, Edge, running_edge
from tests.support.forgeries import make_token
from tests.support.pages import served


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
def jwks_port(signer, tls_folder) -> Iterator[int]:
    issuer = TlsFiles.of_service(tls_folder, KEYS_SERVICE)
    with served(signer.jwks_json().encode(), "/.well-known/jwks.json", issuer) as port:
        yield port


@pytest.fixture(scope="module")
def backends(tls_folder) -> Iterator[dict[str, Backend]]:
    all_of_them = {name: Backend(name, tls_folder) for name in SERVICES}
    for backend in all_of_them.values():
        backend.start()
    yield all_of_them
    for backend in all_of_them.values():
        backend.stop()


@pytest.fixture(scope="module")
def edge(tmp_path_factory, tls_folder, backends, jwks_port) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    (folder / "web" / "assets").mkdir(parents=True)
    (folder / "web" / "index.html").write_text("<!doctype html><title>The app</title>")
    (folder / "web" / "assets" / "app-abc.js").write_text("/* app */\n" * 20_000)
    with running_edge(folder, tls_folder, backends, jwks_port, unary_timeout_s=2) as running:
        yield running


@pytest.fixture(autouse=True)
def forget(request):
    """Behaviours and what was seen are a test's own."""
    if "backends" not in request.fixturenames:
        yield
        return
    backends = request.getfixturevalue("backends")
    yield
    for backend in backends.values():
        backend.behaviours.clear()
        backend.seen.clear()
