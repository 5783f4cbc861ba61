import pytest

from sim_exchange.domain.book import OrderBook
from tests.support.book_events import Recorder
from tests.support.venue_driver import Driver


@pytest.fixture
def events() -> Recorder:
    return Recorder()


@pytest.fixture
def book(events) -> OrderBook:
    return OrderBook(events)


@pytest.fixture
def driver() -> Driver:
    return Driver()
