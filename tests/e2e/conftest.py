"""One whole mesh for the end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Mesh, running_mesh


@pytest.fixture(scope="package")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A mesh with both simulated venues and their agents; idle it takes a fifth of a core."""
    with running_mesh(tmp_path_factory.mktemp("mesh")) as running:
        yield running
