"""An independent model of a recorded market: makes LOBSTER-format files for tests.

Orders are a plain list; the book is sorted and summed anew for every row. Slow, and shares
nothing with the code under test but the file format. As in LOBSTER's files, the recording
begins with orders already there, and only changes of the shown levels are reported.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random

EMPTY = {"ask": (9_999_999_999, 0), "bid": (-9_999_999_999, 0)}
START_NS = 34_200 * 10**9


@dataclass
class Resting:
    number: int
    side: int
    price: int
    size: int


class NaiveMarket:
    def __init__(self, seed: int, depth: int, middle: int = 1_000_000, tick: int = 100) -> None:
        self.random = Random(seed)
        self.depth = depth
        self.tick = tick
        self.middle = middle
        self.now_ns = START_NS
        self.next_number = 1_000
        self.orders: list[Resting] = []
        for place in range(1, depth + 8):
            for side in (1, -1):
                self._rest(side, middle - side * place * tick, self.random.randint(1, 9) * 100)

    def _rest(self, side: int, price: int, size: int) -> Resting:
        self.next_number += self.random.randint(1, 9)
        order = Resting(self.next_number, side, price, size)
        self.orders.append(order)
        return order

    def best(self, side: int) -> int | None:
        prices = [order.price * side for order in self.orders if order.side == side]
        return max(prices) * side if prices else None

    def row(self) -> str:
        cells = []
        shown = {}
        for side, name in ((-1, "ask"), (1, "bid")):
            sums: dict[int, int] = {}
            for order in self.orders:
                if order.side == side:
                    sums[order.price] = sums.get(order.price, 0) + order.size
            levels = sorted(sums.items(), key=lambda level: -level[0] * side)[: self.depth]
            shown[name] = levels + [EMPTY[name]] * (self.depth - len(levels))
        for ask, bid in zip(shown["ask"], shown["bid"], strict=True):
            cells += [*ask, *bid]
        return ",".join(map(str, cells))

    def step(self) -> str:
        """One event; returns its message row."""
        self.now_ns += self.random.randint(1_000, 900_000_000)
        kind = self.random.choices((1, 2, 3, 4, 5, 7), (45, 10, 25, 17, 2, 1))[0]
        if not self.orders or kind == 1:
            return self._new()
        if kind == 5:
            return self._text(5, 0, 10, (self.best(1) or self.middle) + self.tick // 2, -1)
        if kind == 7:
            return self._text(7, 0, 0, self.random.choice((-1, 0, 1)), -1)
        order = self.random.choice(self.orders)
        if kind == 4:
            # Executions hit the oldest order at the best price.
            order = next(o for o in self.orders if o.price == self.best(order.side))
            size = self.random.choice((order.size, max(1, order.size // 2)))
        else:
            size = order.size if kind == 3 else max(1, order.size // 3)
        if kind == 2 and size == order.size:
            kind = 3
        text = self._text(kind, order.number, size, order.price, order.side)
        order.size -= size
        if not order.size:
            self.orders.remove(order)
        return text

    def _new(self) -> str:
        side = self.random.choice((1, -1))
        other = self.best(-side)
        # Never crosses: a marketable order is reported as executions of what it meets.
        edge = (other - side * self.tick) if other is not None else self.middle
        price = edge - side * self.tick * self.random.choice((0, 0, 1, 1, 2, 3, 5, 9))
        price = max(self.tick, price)
        order = self._rest(side, price, self.random.randint(1, 5) * 100)
        return self._text(1, order.number, order.size, price, side)

    def _text(self, kind: int, number: int, size: int, price: int, side: int) -> str:
        second, rest = divmod(self.now_ns, 10**9)
        return f"{second}.{rest:09d},{kind},{number},{size},{price},{side}"


def record(seed: int, depth: int, rows: int) -> tuple[list[str], list[str]]:
    """Message rows and orderbook rows of a made-up market."""
    market = NaiveMarket(seed, depth)
    messages: list[str] = []
    books: list[str] = []
    shown = ""
    while len(messages) < rows:
        message = market.step()
        row = market.row()
        if row != shown or message.split(",")[1] in {"5", "7"}:
            messages.append(message)
            books.append(row)
        shown = row
    return messages, books


def write_recording(folder: Path, seed: int, depth: int, rows: int) -> tuple[Path, Path]:
    """Write both files; returns their paths."""
    messages, books = record(seed, depth, rows)
    message_path = folder / f"SIMX_2026-01-02_34200000_57600000_message_{depth}.csv"
    book_path = folder / f"SIMX_2026-01-02_34200000_57600000_orderbook_{depth}.csv"
    message_path.write_text("\n".join(messages) + "\n")
    book_path.write_text("\n".join(books) + "\n")
    return message_path, book_path


if __name__ == "__main__":
    write_recording(Path(__file__).parent.parent / "data" / "lobster", seed=2026, depth=5, rows=500)
