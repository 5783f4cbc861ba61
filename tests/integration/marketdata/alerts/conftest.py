"""A service with a database, the feed of SIMA, and a user with alerts."""

import pytest

from tests.integration.marketdata.alerts.support import User
from tests.integration.marketdata.history.support import recorded
from tests.support.marketdata_database import marketdata_url

__all__ = ["marketdata_url"]


@pytest.fixture
async def service(tls_folder, mint, marketdata_url):
    async with recorded(tls_folder, mint, marketdata_url) as (service, _):
        yield service


@pytest.fixture
async def feed(service):
    """The gateway of SIMA: the books are 10 / 11."""
    return await service.gateway().open()


@pytest.fixture
async def vera(service, feed):
    del feed
    return User(service, "vera")
