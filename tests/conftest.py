"""Fixtures every group of tests may use; they start nothing until asked for."""

import gc

import pytest

from tests.support.certificates import stranger_tls_folder, tls_folder
from tests.support.postgres import database_url, postgres_server
from tests.support.redis import _redis_session, redis_server

__all__ = [
    "_redis_session",
    "database_url",
    "postgres_server",
    "redis_server",
    "stranger_tls_folder",
    "tls_folder",
]


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
