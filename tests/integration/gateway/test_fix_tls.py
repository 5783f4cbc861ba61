import trustme

from tests.support.gateway_bench import Bench
from tests.support.scripted_venue import until


def venue_with_tls(bench: Bench, authority: trustme.CA, name: str) -> None:
    leaf = authority.issue_cert(name)
    chain, key = bench.folder / "venue.pem", bench.folder / "venue.key"
    chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    bench.venue.crash()
    bench.venue.settings = {
        "ServerCertificateFile": str(chain),
        "ServerCertificateKeyFile": str(key),
        "CertificateVerifyLevel": "0",
    }
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


async def test_a_venue_with_a_certificate_of_another_authority_is_refused(bench: Bench) -> None:
    venue_with_tls(bench, trustme.CA(), "venue.example")
    bench.sessions = [session(bench, trustme.CA())]
    await bench.start()
    # QuickFIX itself finds this, without our own look at the name.
    await until(
        lambda: any("ssl handshake error" in s.text for s in bench.oms.statuses),
        "the refusal is told",
    )
    assert bench.venue.logon_count == 0


async def test_a_venue_with_the_name_of_another_is_refused(bench: Bench) -> None:
    authority = trustme.CA()
    venue_with_tls(bench, authority, "other.example")
    bench.sessions = [session(bench, authority, server_name="venue.example")]
    await bench.start()
    await until(lambda: len(bench.oms.opens) >= 2, "the session was refused and tried again")
    assert bench.venue.logon_count == 0
