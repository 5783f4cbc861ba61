"""A certificate authority for tests: ca.pem and <service>.pem/.key in one folder."""

from dataclasses import asdict
from pathlib import Path

import pytest

from mesh.certificates.tls import TlsFiles
from meshctl.stack.servers.certificates import ensure_dev_certificates


@pytest.fixture(scope="session")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of every service, as the local stack makes them."""
    folder = tmp_path_factory.mktemp("tls")
    ensure_dev_certificates(folder)
    return folder


@pytest.fixture(scope="session")
def stranger_tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same names under another authority."""
    folder = tmp_path_factory.mktemp("stranger-tls")
    ensure_dev_certificates(folder)
    return folder


def tls_of(folder: Path, service: str) -> TlsFiles:
    """The files of one service."""
    return TlsFiles.of_service(folder, service)


def tls_settings(folder: Path, service: str) -> dict[str, Path]:
    """The files of one service, as fields of its settings."""
    return asdict(tls_of(folder, service))
