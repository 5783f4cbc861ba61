"""The listings of a venue as this gateway knows them, and what svc_marketdata still has to get.

The newest whole list counts: a listing that it lacks is forgotten here, and svc_marketdata marks
it as delisted. A list is whole if it answers our request, was not refused, and has as many entries
as it says. What the venue reports of a listing's trading status stays until it reports another
one, across every list and every break of the feed. Entries of the list that are left out, because
they cannot be read or have no possible name, are passed on with the reason.
"""

from collections.abc import Iterable, Mapping
from itertools import islice

from kernel.feed_limits import LISTINGS_PER_FRAME_MAX
from mesh.timestamps import set_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.service.ports import ListPart

# Listings whose status is remembered before they are listed. Beyond it a further one is left out.
STATUSES_MAX = 100_000
NO_PRICES_TEXT_MAX = 256
# Entries of a list that are left out and shown. Further ones are only counted and logged.
LEFT_OUT_MAX = 100


class Listings:
    """The listings of one session; see the head of this file.

    Args:
        listed: The listings of the venues file; they are the whole list if there are any.
    """

    def __init__(self, listed: Iterable[pb.Instrument] = ()) -> None:
        self._known = {item.instrument_id: item for item in listed}
        self._whole = bool(self._known)
        self._statuses: dict[str, pb.TradingStatus] = {}
        self._refused: set[str] = set()
        self._assumed = False
        # The list that is coming: what it has named, and how many entries it had.
        self._list_id = ""
        self._named: set[str] = set()
        self._entries = 0
        self._left_out: dict[str, str] = {}
        # What svc_marketdata has to get.
        self._due: dict[str, pb.Instrument] = {}
        self._begins = self._ends = self._assumption_due = self._left_out_due = False

    @property
    def symbols(self) -> list[str]:
        """The listings by their `symbol`."""
        return [item.symbol for item in self._known.values()]

    @property
    def priced_symbols(self) -> list[str]:
        """The listings whose prices the venue has not refused."""
        return [item.symbol for name, item in self._known.items() if name not in self._refused]

    @property
    def statuses_assumed(self) -> bool:
        """Whether the status of listings of which nobody has reported one counts as not known."""
        return self._assumed

    @property
    def refused(self) -> set[str]:
        """The listings whose prices the venue refuses, by instrument_id."""
        return self._refused

    @property
    def list_awaited(self) -> bool:
        """Whether the last part of the venue's list has not come yet."""
        return bool(self._list_id)

    # -- what the venue reports ---------------------------------------------------------------

    def list_asked(self, request_id: str) -> None:
        """Note that the venue was asked for its list."""
        self._list_id = request_id
        self._named.clear()
        self._entries = 0

    def take_part(self, part: ListPart) -> None:
        """Learn a part of the venue's list."""
        for item in part.instruments:
            self._learn(item)
        self.send(part.instruments)
        self._leave_out(part)
        if not self._list_id or part.request_id != self._list_id:
            return  # a change that nobody asked for: it adds listings and lacks none
        self._named |= part.named
        self._entries += part.entries
        if part.more:
            return
        self._list_id = ""
        if part.refused or not self._entries or part.total not in {0, self._entries}:
            return
        for name in self._known.keys() - self._named:
            del self._known[name]
            self._refused.discard(name)
        self._whole = True
        self.send_all()

    def take_status(self, name: str, status: pb.TradingStatus, now_ns: int) -> None:
        """Take the status of a listing; one that is not specified leaves it as it is."""
        if status == pb.TRADING_STATUS_UNSPECIFIED:
            return
        self._remember(name, status)
        item = self._known.get(name)
        if item is not None and item.trading_status != status:
            item.trading_status = status
            set_timestamp(item.updated_at, now_ns)
            self.send([item])

    def await_statuses(self) -> None:
        """Note that the venue is asked for the status of its listings."""
        self._assumed = self._assumption_due = False

    def assume_statuses(self) -> None:
        """Count a status that nobody has reported as not known: the venue reports no more."""
        self._assumed = self._assumption_due = True

    def refuse_prices(self, reasons: Mapping[str, str]) -> None:
        """Note that the venue refuses the prices of listings, by symbol with its reason."""
        changed = []
        for item in self._known.values():
            text = reasons.get(item.symbol, "")[:NO_PRICES_TEXT_MAX]
            if item.symbol not in reasons or (item.no_prices and item.no_prices_text == text):
                continue
            item.no_prices, item.no_prices_text = pb.NO_PRICES_REFUSED, text
            self._refused.add(item.instrument_id)
            changed.append(item)
        self.send(changed)

    def has_prices(self, name: str) -> None:
        """Note that the venue sent the book of a listing whose prices it had refused."""
        self._refused.discard(name)
        item = self._known[name]
        item.ClearField("no_prices")
        item.ClearField("no_prices_text")
        self.send([item])

    def _leave_out(self, part: ListPart) -> None:
        first = self._list_id and part.request_id == self._list_id and not self._entries
        kept = {} if first else self._left_out
        after = kept | dict(islice(part.left_out.items(), LEFT_OUT_MAX - len(kept)))
        self._left_out_due |= after != self._left_out
        self._left_out = after

    def _learn(self, item: pb.Instrument) -> None:
        name = item.instrument_id
        if item.trading_status == pb.TRADING_STATUS_UNSPECIFIED:
            item.trading_status = self._statuses.get(name, pb.TRADING_STATUS_UNSPECIFIED)
        else:
            self._remember(name, item.trading_status)
        if name in self._refused:
            item.no_prices = self._known[name].no_prices
            item.no_prices_text = self._known[name].no_prices_text
        self._known[name] = item

    def _remember(self, name: str, status: pb.TradingStatus) -> None:
        if name in self._statuses or len(self._statuses) < STATUSES_MAX:
            self._statuses[name] = status

    # -- what svc_marketdata gets -------------------------------------------------------------

    def send(self, items: Iterable[pb.Instrument]) -> None:
        """Have listings sent that are new or changed."""
        self._due.update((item.instrument_id, item) for item in items)
        self._assumption_due |= self._assumed

    def send_all(self) -> None:
        """Have all listings sent, as the whole list if it is one."""
        self._due = self._known.copy()
        self._begins = self._ends = self._whole
        self._assumption_due = self._assumed
        self._left_out_due = True

    @property
    def due(self) -> bool:
        """Whether svc_marketdata has to get something."""
        return bool(self._due) or self._ends or self._assumption_due or self._left_out_due

    def fill(self, frame: feed.FeedRequest) -> bool:
        """Put what is due into a frame; return whether that was something."""
        if not self.due:
            return False
        frame.list_begins, self._begins = self._begins, False
        names = list(islice(self._due, LISTINGS_PER_FRAME_MAX))
        frame.instruments.extend(self._due.pop(name) for name in names)
        if not self._due:
            frame.list_complete, self._ends = self._ends, False
            frame.statuses_assumed, self._assumption_due = self._assumption_due, False
            if self._left_out_due:
                self._left_out_due = False
                frame.left_out.listings.extend(
                    pb.LeftOutListing(symbol=symbol, text=text)
                    for symbol, text in self._left_out.items()
                )
                frame.left_out.SetInParent()
        return True
