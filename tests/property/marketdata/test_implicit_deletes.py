"""A venue that leaves what falls out of a book to us, MDImplicitDelete(547)=Y, against its book.

From FIX text to the book that readers get: the gateway's reader and a feed of svc_marketdata.
"""

from hypothesis import given
from hypothesis import strategies as st

from conformance.scripted_venue import SOH, body
from svc_gateway.adapters.fix.market.market_in import MarketReader
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.feed import SIDES
from svc_marketdata.domain.book import Level
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock

# Side, place of the price, order, size; size 0 takes the order away.
orders = st.tuples(st.sampled_from("01"), st.integers(1, 9), st.integers(1, 4), st.integers(0, 3))
messages = st.lists(st.lists(orders, min_size=1, max_size=4), max_size=25)

Book = dict[tuple[str, int, int], int]
View = dict[tuple[str, int], dict[int, int]]


def view(book: Book, depth: int) -> View:
    """By side and price, the orders that the venue shows: of the best prices of each side."""
    shown: View = {}
    for side in "01":
        prices = sorted({price for s, price, _ in book if s == side}, reverse=side == "0")
        for price in prices[:depth]:
            shown[side, price] = {o: n for (s, p, o), n in book.items() if (s, p) == (side, price)}
    return shown


def entries(before: View, now: View, book: Book, *, named: bool) -> list[str]:
    """What the venue sends: nothing of levels that fell out of the view."""
    found = []
    for place in before.keys() | now.keys():
        side, price = place
        was, is_ = before.get(place, {}), now.get(place, {})
        if not is_ and any((s, p) == place for s, p, _ in book):
            continue  # it fell out of the view
        if not named:
            if sum(was.values()) != sum(is_.values()):
                action = "2" if not is_ else "1" if was else "0"
                size = f"{SOH}271={sum(is_.values())}" if is_ else ""
                found.append(f"279={action}{SOH}269={side}{SOH}55=A{SOH}270={price}{size}")
            continue
        for order in was.keys() | is_.keys():
            name = f"278={side}-{price}-{order}{SOH}55=A"
            if order not in is_:
                found.append(f"279=2{SOH}{name}")
            elif was.get(order) != is_[order]:
                action = "1" if order in was else "0"
                found.append(
                    f"279={action}{SOH}269={side}{SOH}{name}{SOH}270={price}{SOH}271={is_[order]}"
                )
    return found


@given(messages, st.integers(1, 3), st.booleans(), st.randoms(use_true_random=False))
def test_the_book_is_that_of_the_venue(sent, depth, named, shuffle):
    reader = MarketReader("TEST", depth=depth)
    data = MarketData(Hub(ProtoEncoder(), Limits(), "epoch"), ManualClock())
    session = data.open_feed(FeedIdentity("s", "TEST", "g", "one", depth), lambda: None)
    session.book("A.TEST", [], [], 1, 1)
    session.end_frame()
    book: Book = {}
    shown: View = {}
    for number, changes in enumerate(sent, 2):
        for side, price, order, size in changes:
            book.pop((side, price, order), None)
            if size:
                book[side, price, order] = size
        before, shown = shown, view(book, depth)
        texts = entries(before, shown, book, named=named)
        shuffle.shuffle(texts)
        reading = reader.incremental(SOH.join([body("X"), f"268={len(texts)}", *texts]), number)
        assert not reading.refresh
        for update in reading.updates:
            level = update.level
            now = Level(level.price, level.size, level.order_count)
            session.level(update.instrument_id, SIDES[level.side], now, number, number)
        session.end_frame()
        kept = data.listed["A.TEST"].market.book
        for side, levels in (("0", kept.bids.top(50)), ("1", kept.asks.top(50))):
            assert {(side, int(price)): int(size) for price, size, _ in levels} == {
                place: sum(sizes.values()) for place, sizes in shown.items() if place[0] == side
            }
