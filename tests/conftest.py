"""Fixtures every group of tests may use; they start nothing until asked for."""

import gc

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.support.certificates import stranger_tls_folder, tls_folder
from tests.support.kafka import _kafka_session, kafka_server, topic_prefix
from tests.support.postgres import database_url, postgres_server
from tests.support.redis import _redis_session, redis_server

__all__ = [
    "_kafka_session",
    "_redis_session",
    "database_url",
    "kafka_server",
    "postgres_server",
    "redis_server",
    "stranger_tls_folder",
    "tls_folder",
    "topic_prefix",
]


WHOLE_MESHES = ("tests/e2e/",)
# A broker of Kafka takes 7 CPU-seconds to start.
ON_KAFKA = ("tests/integration/archive/", "tests/integration/relay/")


class FilesAndMeshes(LoadFileScheduling):
    """The tests of a file run in one worker, for they share servers.

    All of whole meshes run in one worker, and so do all on Kafka.
    """

    def _split_scope(self, nodeid):
        for folders in (WHOLE_MESHES, ON_KAFKA):
            if nodeid.startswith(folders):
                return folders[0]
        return super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return FilesAndMeshes(config, log)


def pytest_collection_modifyitems(config, items):
    """Let workers begin with what takes longest, so that none of it is left over at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item):
    """Order whole meshes, what runs on Kafka, and the rest."""
    groups = (WHOLE_MESHES, ON_KAFKA, "")
    return next(place for place, one in enumerate(groups) if item.nodeid.startswith(one))


def pytest_collection_finish():
    """What is imported by now stays; the collections below need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    """Let a socket or task that a test left open fail that test, not whichever runs later."""
    gc.collect()
    # What survives is not looked at again: collecting a heap that only grows took minutes.
    gc.freeze()


def pytest_handlecrashitem(crashitem):
    """End the run: a crashed worker is not the failure of one test, and is not repeated."""
    pytest.exit(f"a worker crashed in {crashitem}", returncode=pytest.ExitCode.INTERNAL_ERROR)
