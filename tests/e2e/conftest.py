"""One whole mesh for the end-to-end tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Mesh, running_mesh


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A mesh with both simulated venues and their agents."""
    with running_mesh(tmp_path_factory.mktemp("mesh")) as running:
        yield running
