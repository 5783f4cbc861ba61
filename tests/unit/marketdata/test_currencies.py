"""The currencies of an ISIN are those in which it is listed now."""

import pytest

from kernel.clock import SystemClock
from mesh.errors import MeshError
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.subscriptions import books_of
from svc_marketdata.domain.listing import Listing
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData

ISIN = "NL0010273215"
REQUEST = market_data_service_pb2.GetSnapshotRequest(
    instruments=[market_data_pb2.InstrumentKey(isin=ISIN)]
)


def listed(data, currency, mic="SIMA"):
    data.put_listing(Listing(f"ASML.{mic}", "ASML", mic, isin=ISIN, currency=currency))


def currencies(data):
    return [key.currency for key in books_of(data, REQUEST, "")]


def test_a_currency_that_was_corrected_does_not_stay_a_choice():
    data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="E"), SystemClock())
    listed(data, "USD")
    assert currencies(data) == ["USD"]
    listed(data, "EUR")
    assert currencies(data) == ["EUR"]
    listed(data, "USD", "SIMB")
    with pytest.raises(MeshError, match="EUR, USD"):
        currencies(data)
