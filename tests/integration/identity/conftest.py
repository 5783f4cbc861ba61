"""svc_identity as a process on a real PostgreSQL, with alice in it."""

from collections.abc import Iterator

import pytest

from tests.support.identity_process import Identity
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def identity(tmp_path_factory, postgres_server, tls_folder) -> Iterator[Identity]:
    folder = tmp_path_factory.mktemp("identity")
    url = postgres_server.create_database()
    service = Identity(folder, tls_folder, url, free_port(), free_port(), free_port())
    service.migrate()
    assert service.admin("new-signing-key", str(folder / "key.pem")).returncode == 0
    service.ensure_user("alice")
    process = service.start()
    yield service
    process.terminate()
    assert process.wait(timeout=20) == 0
    postgres_server.drop_database(url)
