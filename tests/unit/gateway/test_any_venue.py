"""Whatever a venue sends: no reader raises, and what comes out obeys the contracts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.scripted_venue import SOH
from fix import tags
from mesh.rpc.validation import validate
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.venues import SessionConfig

KNOWN = sorted({value for name, value in vars(tags).items() if name.isupper()
                and isinstance(value, str)})  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(-(10**22), 10**22).map(str),
    st.decimals(allow_nan=True, allow_infinity=True, places=12).map(str),
    st.sampled_from(["", "0", "1", "2", "F", "8", "Y", "20260102-03:04:05.678", "x" * 400]),
    st.binary(max_size=12).map(lambda b: b.decode("utf-8", "surrogateescape")),
)
FIELD = st.tuples(st.sampled_from(KNOWN), VALUES).map(lambda pair: f"{pair[0]}={pair[1]}")
ORDERS = ["8", "9", "j", "3", "h", "AE"]
MARKET = ["W", "X", "y", "h", "f", "Y", "j", "3", "zz"]


def message(kind: str, parts: list[str]) -> str:
    return SOH.join(["8=FIX.4.4", "9=1", f"35={kind}", *parts, "10=000", ""])


@settings(deadline=None)
@given(st.sampled_from(ORDERS), st.lists(FIELD, max_size=30), st.integers(0, 2**53))
def test_order_sessions(kind: str, parts: list[str], number: int) -> None:
    whole = ["17=E", "150=F", "39=1"] if kind == "8" else []
    for given_parts in (parts, [*whole, *parts]):
        raw = message(kind, given_parts)
        read = OrderReader(lambda _, sent=raw: sent).read(raw, 1, 1_700_000_000_000_000_000, number)
        assert read.WhichOneof("body")
        validate(link.LinkRequest(messages=[read]))
        read.SerializeToString()


@settings(deadline=None)
@given(st.sampled_from(MARKET), st.lists(FIELD, max_size=40))
def test_market_data_sessions(kind: str, parts: list[str]) -> None:
    config = SessionConfig(
        session_id="md", venue_mic="TEST", role="market_data", sender_comp_id="US",
        target_comp_id="THEM", host="h", port=1,
    )  # fmt: skip
    dialect = FixMarketDialect(config)
    for given_parts in (parts, ["55=A", "268=1", "279=0", "269=0", *parts]):
        reading = dialect.read(message(kind, given_parts), 1_700_000_000_000_000_000)
        listed = reading.list_part.instruments if reading.list_part else []
        validate(feed.FeedRequest(updates=reading.updates, instruments=listed))
