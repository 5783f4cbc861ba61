"""A simulated venue whose other participants and session events are a test's words.

Run as a process: `python -m tests.support.sim_by_hand PORT FOLDER`. Each line on its standard
input is done and answered with `done`:

    rest SYMBOL SIDE PRICE QUANTITY     an order of somebody else, resting where it does not trade
    take SYMBOL SIDE PRICE QUANTITY     the same, but what does not trade at once is cancelled
    pull SYMBOL SIDE PRICE              cancel what others have there
    open | close                        the session's events
"""

import logging
import sys
import time
from pathlib import Path

from sim_exchange.domain.order import Order, Side, TimeInForce
from sim_exchange.domain.prices import parse_price
from sim_exchange.running import RunningVenue
from sim_exchange.service.calendar import Phase
from sim_exchange.service.venue import Venue
from sim_exchange.settings import SimSettings

SIDES = {"buy": Side.BUY, "sell": Side.SELL}


class AsItIs:
    """Hours that never open or close anything by themselves."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def phase(self, _now_ns: int, _started_ns: int) -> Phase:
        return self._venue.phase


def do(venue: Venue, words: list[str], now_ns: int) -> None:
    match words:
        case ["open"]:
            venue.open_session(now_ns)
        case ["close"]:
            venue.close_session(now_ns)
        case [("rest" | "take") as what, symbol, side, price, quantity]:
            tif = TimeInForce.GTC if what == "rest" else TimeInForce.IOC
            order = Order(object(), SIDES[side], parse_price(price), int(quantity), tif=tif)
            venue.markets[symbol].book.submit(order, now_ns)
        case ["pull", symbol, side, price]:
            book = venue.markets[symbol].book
            level = book.level(SIDES[side], parse_price(price))
            for order in list(level.orders.values()) if level else []:
                if order.owner is None:
                    book.cancel(order.number, now_ns)
        case _:
            raise ValueError(f"unknown words: {words}")


def tell_done() -> None:
    sys.stdout.write("done\n")
    sys.stdout.flush()


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    port, folder = sys.argv[1:]
    running = RunningVenue(
        SimSettings(sim_port=int(port), sim_store_dir=Path(folder), sim_agents=False)
    )
    running.timer._hours = AsItIs(running.parts.venue)
    running.start()
    tell_done()
    parts = running.parts
    for line in sys.stdin:
        with parts.venue.lock:
            do(parts.venue, line.split(), time.time_ns())
            parts.answers.flush()
        tell_done()


if __name__ == "__main__":
    main()
