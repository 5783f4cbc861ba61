"""Certificates of the mesh: one authority, a leaf per process, both sides verify."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import grpc

from kernel.well_known import SERVICE_DOMAIN
from mesh.certificates.replaced import Pems, ReplacedFiles


class HasTls(Protocol):
    """Settings that name certificate files."""

    @property
    def tls_cert(self) -> Path:
        """Certificate chain of this process."""

    @property
    def tls_key(self) -> Path:
        """Its private key."""

    @property
    def tls_ca(self) -> Path:
        """The authority's certificates."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificate files for code without settings."""

    tls_cert: Path
    tls_key: Path
    tls_ca: Path

    @classmethod
    def of_service(cls, folder: Path, service: str) -> "TlsFiles":
        """Take ``<service>.pem``, ``<service>.key`` and ``ca.pem`` from one folder."""
        return cls(folder / f"{service}.pem", folder / f"{service}.key", folder / "ca.pem")


def server_credentials(tls: HasTls) -> grpc.ServerCredentials:
    """Make credentials of a server that refuses clients without our certificate.

    Files that are replaced count from the next connection on; connections that are open stay.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file has no certificate or key, or the key is not the certificate's.
    """
    files = ReplacedFiles(tls.tls_cert, tls.tls_key, tls.tls_ca)
    first = files.read()

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        found = files.replaced()
        return None if found is None else _configuration(found)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(first), fetch, require_client_authentication=True
    )


def _configuration(pems: Pems) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pems.key, pems.cert)], pems.ca)


def channel_credentials(tls: HasTls) -> grpc.ChannelCredentials:
    """Make credentials of a client that presents its certificate and verifies the server."""
    return grpc.ssl_channel_credentials(
        root_certificates=tls.tls_ca.read_bytes(),
        private_key=tls.tls_key.read_bytes(),
        certificate_chain=tls.tls_cert.read_bytes(),
    )


def server_context(tls: HasTls) -> ssl.SSLContext:
    """Make the context of an HTTPS server that refuses clients without our certificate.

    Files that are replaced count from the next connection on; connections that are open stay.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file has no certificate or key, or the key is not the certificate's.
    """
    files = ReplacedFiles(tls.tls_cert, tls.tls_key, tls.tls_ca)
    files.read()
    current = _server_context(tls)

    def renew(handshake: ssl.SSLObject, _name: str | None, _first: ssl.SSLContext) -> None:
        nonlocal current
        if files.replaced() is not None:
            # Replaced again while they are read: the next connection sees that change.
            with suppress(OSError):
                current = _server_context(tls)
        # A context only learns more authorities: to forget one takes a new context.
        handshake.context = current

    current.sni_callback = renew
    return current


def _server_context(tls: HasTls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _with_files(context, tls)


def client_context(tls: HasTls) -> ssl.SSLContext:
    """Make the context of an HTTPS client that presents its certificate and verifies the server."""
    return _with_files(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls)


def _with_files(context: ssl.SSLContext, tls: HasTls) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.tls_cert, tls.tls_key)
    context.load_verify_locations(tls.tls_ca)
    return context


def peer_service(auth_context: dict[str, list[bytes]]) -> str:
    """Return the service named by a verified client certificate: "svc-gateway"; empty if none."""
    for name in auth_context.get("x509_subject_alternative_name", ()):
        text = name.decode("ascii", "replace")
        if text.endswith(SERVICE_DOMAIN):
            return text.removesuffix(SERVICE_DOMAIN)
    return ""
