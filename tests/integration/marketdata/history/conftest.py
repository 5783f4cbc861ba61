"""The database of a test, and a service that records in it."""

import pytest

from tests.integration.marketdata.history.support import recorded
from tests.support.marketdata_database import marketdata_url

__all__ = ["marketdata_url"]


@pytest.fixture
async def past(tls_folder, mint, marketdata_url):
    """The history of a service with a database."""
    async with recorded(tls_folder, mint, marketdata_url) as (_, past):
        yield past


@pytest.fixture
async def feed(past):
    """The gateway of SIMA, which feeds that service."""
    return await past.service.gateway().open()
