"""Fixtures every group of tests may use; they start nothing until asked for."""

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
