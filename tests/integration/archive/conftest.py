import contextlib
from pathlib import Path

import pytest

from tests.support.archive import Events, archive_process


@pytest.fixture
def place(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def events(kafka_server, topic_prefix):
    return Events(kafka_server, topic_prefix)


@pytest.fixture
def archive(kafka_server, topic_prefix, place, tmp_path):
    """Start archivers; they are killed with the test."""
    with contextlib.ExitStack() as stack:

        def start(name: str = "one", where=None, **settings):
            prefix = settings.pop("prefix", topic_prefix)
            log = tmp_path / f"{name}.log"
            return stack.enter_context(
                archive_process(kafka_server, prefix, where or place, log, **settings)
            )

        yield start


def pytest_collection_modifyitems(items):
    """A broker takes up to half a minute to start on a busy machine, and some tests restart it."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(300))
