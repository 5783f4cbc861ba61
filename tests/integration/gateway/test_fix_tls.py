import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import trustme

from fix.guards.guard import LOOPBACK
from tests.support.gateway_bench import Bench
from tests.support.waiting import until


def venue_with_tls(
    bench: Bench, authority: trustme.CA, name: str, not_after: datetime | None = None,
    client_ca: trustme.CA | None = None,
) -> None:  # fmt: skip
    leaf = authority.issue_cert(name, not_after=not_after)
    chain, key = bench.folder / "venue.pem", bench.folder / "venue.key"
    chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    bench.venue.crash()
    bench.venue.settings = {
        "ServerCertificateFile": str(chain),
        "ServerCertificateKeyFile": str(key),
        "CertificateVerifyLevel": "0",
    }
    if client_ca is not None:
        trusted = bench.folder / "client-ca.pem"
        client_ca.cert_pem.write_to_path(str(trusted))
        bench.venue.settings |= {
            "CertificateVerifyLevel": "2", "CertificationAuthoritiesFile": str(trusted),
        }  # fmt: skip
    bench.venue.start()


def session(bench: Bench, trusted: trustme.CA, **keys) -> dict:
    ca = bench.folder / "venue-ca.pem"
    trusted.cert_pem.write_to_path(str(ca))
    return bench.order_session(tls={"enabled": True, "ca": str(ca), **keys})


async def test_a_session_over_tls(bench: Bench) -> None:
    authority = trustme.CA()
    venue_with_tls(bench, authority, "venue.example")
    bench.sessions = [session(bench, authority, server_name="venue.example")]
    await bench.up()


async def refused(bench: Bench, words: str) -> None:
    await until(lambda: any(words in s.text for s in bench.oms.statuses), f"{words!r} is reported")
    assert bench.venue.logon_count == 0


def own_certificate(bench: Bench, authority: trustme.CA, not_after: datetime | None = None) -> dict:
    leaf = authority.issue_cert("gateway.example", not_after=not_after)
    certificate, key = bench.folder / "own.pem", bench.folder / "own.key"
    certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return {"certificate": str(certificate), "key": str(key)}


async def test_a_venue_with_a_certificate_of_another_authority_is_refused(bench: Bench) -> None:
    venue_with_tls(bench, trustme.CA(), "venue.example")
    bench.sessions = [session(bench, trustme.CA())]
    await bench.start()
    await refused(bench, "the certificate of the peer is refused")


@pytest.mark.parametrize(
    ("name", "not_after", "words"),
    [
        ("other.example", None, "Hostname mismatch, certificate is not valid for 'venue.example'"),
        ("venue.example", datetime(2020, 1, 1, tzinfo=UTC), "certificate has expired"),
    ],
    ids=["the name of another", "expired"],
)
async def test_a_wrong_certificate_of_a_venue_is_refused(bench, name, not_after, words) -> None:
    authority = trustme.CA()
    venue_with_tls(bench, authority, name, not_after)
    bench.sessions = [session(bench, authority, server_name="venue.example")]
    await bench.start()
    await refused(bench, words)


async def test_a_client_certificate_is_shown_and_its_expiry_reported(bench: Bench) -> None:
    authority, clients = trustme.CA(), trustme.CA()
    venue_with_tls(bench, authority, "venue.example", client_ca=clients)
    old = own_certificate(bench, clients, datetime(2020, 1, 1, tzinfo=UTC))
    bench.sessions = [session(bench, authority, server_name="venue.example", **old)]
    await bench.start()
    await refused(bench, "our certificate has expired")
    await bench.stop()
    good = own_certificate(bench, clients)
    bench.sessions = [session(bench, authority, server_name="venue.example", **good)]
    await bench.up()


async def test_a_venue_that_wants_a_client_certificate_says_so(bench: Bench) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("venue.example").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    listening = socket.create_server((LOOPBACK, 0))
    port = listening.getsockname()[1]

    def serve() -> None:
        with suppress(OSError):
            plain, _ = listening.accept()
            with plain, suppress(ssl.SSLError):
                context.wrap_socket(plain, server_side=True)

    # QuickFIX's acceptor does not insist; OpenSSL's own words are heard from a plain server.
    served = asyncio.create_task(asyncio.to_thread(serve))
    bench.sessions = [session(bench, authority, server_name="venue.example") | {"port": port}]
    await bench.start()
    await refused(bench, "the peer wants a client certificate, and none is configured")
    await served
    listening.close()
