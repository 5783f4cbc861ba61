"""A certificate authority for this machine only, and a certificate per process (trustme)."""

import datetime as dt
from pathlib import Path

import trustme
from cryptography import x509

from deploy.processes import PROCESSES
from kernel.well_known import SERVICE_DOMAIN
from mesh.certificates.expiry import (
    SIGNING_KEY_DAYS,
    WARNING_DAYS,
    Expiring,
    of_certificates,
    of_signing_keys,
)

SERVICES = (
    *(one.service for one in PROCESSES if one.certificate),
    "envoy",
    "svc-feed",
    "bench",
    "kafka",
)
RENEW_BEFORE_DAYS = WARNING_DAYS
"""`ordermesh up` makes new certificates so long before they expire: when the warnings begin."""
VALID_DAYS = 365


def ensure_dev_certificates(folder: Path) -> bool:
    """Make ``ca.pem`` and ``<service>.pem/.key`` in ``folder``; return whether new ones were made.

    The CA's key is not kept: a later copy of the folder cannot be used to make more.
    All files are made again when one is missing or about to expire.
    """
    names = [*SERVICES, "edge"]
    files = [
        folder / "ca.pem",
        *(folder / f"{name}.{end}" for name in names for end in ("pem", "key")),
    ]
    if all(path.exists() for path in files) and not _expires_soon(folder / "edge.pem"):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=VALID_DAYS)
    authority = trustme.CA(
        organization_name="Ordermesh local stack", organization_unit_name="development only"
    )
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name in names:
        own = [] if name == "edge" else [f"{name}{SERVICE_DOMAIN}"]
        leaf = authority.issue_cert(*own, "localhost", "127.0.0.1", "::1", not_after=ends)
        key = folder / f"{name}.key"
        key.touch(mode=0o600)
        key.chmod(0o600)
        leaf.private_key_pem.write_to_path(str(key))
        (folder / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    return True


def expiring(folder: Path, signing_key: Path, now_ns: int) -> list[Expiring]:
    """Return the certificates in ``folder``, and the key, that expire within WARNING_DAYS."""
    found = [one for file in sorted(folder.glob("*.pem")) for one in of_certificates(file)]
    found += of_signing_keys(signing_key, SIGNING_KEY_DAYS)
    return [one for one in found if one.days_left(now_ns) < WARNING_DAYS]


def _expires_soon(path: Path) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    limit = dt.datetime.now(dt.UTC) + dt.timedelta(days=RENEW_BEFORE_DAYS)
    return certificate.not_valid_after_utc < limit
