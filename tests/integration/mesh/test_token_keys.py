"""Where the public keys of tokens come from: the certificate of the identity service alone."""

import asyncio
import json
import ssl
from dataclasses import replace

import pytest

from mesh.auth.token_keys import KEYS_SERVICE, REVOCATIONS_PATH, fetch_jwks, fetch_revoked
from mesh.certificates.tls import TlsFiles, server_context
from mesh.pages import OK, Page, PageServer
from tests.support.tokens import TokenMint

PATH = "/.well-known/jwks.json"
MINT = TokenMint()
DOCUMENT = json.dumps(MINT.jwks()).encode()


@pytest.fixture
def publish():
    """Serve a document as a service of the mesh; give the URL."""
    servers = []

    async def start(tls, document=DOCUMENT, status=OK, at=PATH):
        page = Page(status, "application/json", document)
        server = PageServer("127.0.0.1:0", {at: page}.get, server_context(tls))
        await server.start()
        servers.append(server)
        return f"https://127.0.0.1:{server.port}{PATH}"

    yield start
    for server in servers:
        server._server.close()


async def test_the_identity_service_gives_its_keys_to_a_process_of_the_mesh(tls_folder, publish):
    url = await publish(TlsFiles.of_service(tls_folder, KEYS_SERVICE))
    keys = await fetch_jwks(url, TlsFiles.of_service(tls_folder, "svc-oms"))
    assert keys.as_dict(private=False) == MINT.jwks()


async def test_another_service_of_the_mesh_cannot_give_keys(tls_folder, publish):
    url = await publish(TlsFiles.of_service(tls_folder, "svc-marketdata"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await fetch_jwks(url, TlsFiles.of_service(tls_folder, "svc-oms"))


async def test_keys_in_the_clear_are_not_read(tls_folder):
    """Whoever answers on the port is not believed without the certificate."""

    def answer(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DOCUMENT) + DOCUMENT)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
        with pytest.raises(ssl.SSLError):
            await fetch_jwks(f"https://{address}", TlsFiles.of_service(tls_folder, "svc-oms"))
        with pytest.raises(ValueError, match="is not an https URL"):
            await fetch_jwks(f"http://{address}", TlsFiles.of_service(tls_folder, "svc-oms"))


async def test_a_client_without_our_certificate_gets_no_keys(
    tls_folder, stranger_tls_folder, publish
):
    url = await publish(TlsFiles.of_service(tls_folder, KEYS_SERVICE))
    foreign = TlsFiles.of_service(stranger_tls_folder, "svc-oms")
    with pytest.raises(OSError, match=r"(?i)unknown ca|reset|gave no HTTP answer"):
        await fetch_jwks(url, replace(foreign, tls_ca=tls_folder / "ca.pem"))


@pytest.mark.parametrize(
    ("document", "status", "error"),
    [
        (b"[]", OK, "returned no JWKS document"),
        (b"{", OK, "Expecting property name"),
        (DOCUMENT, "503 Service Unavailable", "answered 503"),
    ],
)
async def test_what_is_no_key_set_is_named(tls_folder, publish, document, status, error):
    url = await publish(TlsFiles.of_service(tls_folder, KEYS_SERVICE), document, status)
    with pytest.raises((OSError, ValueError), match=error):
        await fetch_jwks(url, TlsFiles.of_service(tls_folder, "svc-oms"))


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b"[]",
        b'{"as_of":"1","sessions":[],"users":{}}',
        b'{"as_of":1,"sessions":{},"users":{}}',
        b'{"as_of":1,"sessions":[],"users":{},"prices":[]}',
    ],
)
async def test_what_is_no_list_of_revoked_tokens_is_named(tls_folder, publish, document):
    url = await publish(
        TlsFiles.of_service(tls_folder, KEYS_SERVICE), document, at=REVOCATIONS_PATH
    )
    with pytest.raises(ValueError, match="returned no list of revoked tokens"):
        await fetch_revoked(url, TlsFiles.of_service(tls_folder, "svc-oms"))
