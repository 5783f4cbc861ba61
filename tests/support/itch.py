"""Files of Nasdaq TotalView-ITCH 5.0, and a random day of orders with the book it must give."""

import random
from collections import defaultdict
from struct import pack
from typing import NamedTuple

from kernel.nanoseconds import NS_PER_MS, NS_PER_S

OPEN_NS = 34_200 * NS_PER_S
STOCKS = ("AAPL", "BRK.B")


def message(kind: str, at_ns: int, layout: str, *fields: object) -> bytes:
    """Write one message, without its length."""
    packed = tuple(
        one.encode().ljust(8) if isinstance(one, str) and len(one) > 1 else
        one.encode() if isinstance(one, str) else one
        for one in fields
    )  # fmt: skip
    return (
        kind.encode() + pack(">HH", 1, 0) + at_ns.to_bytes(6, "big") + pack(f">{layout}", *packed)
    )


def file_of(messages: list[bytes]) -> bytes:
    """Put each message after its length."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in messages)


def directory(stock: str, at_ns: int = 0, *, lot: int = 100, lots_only: str = "N") -> bytes:
    """Write StockDirectory(R)."""
    return message(
        "R", at_ns, "8sccIcc2scccccIc", stock, "Q", "N", lot, lots_only, "C", b"Z ", "P", "N", "N",
        "1", "N", 0, "N",
    )  # fmt: skip


class Resting(NamedTuple):
    """An order that the random day has in its book."""

    stock: str
    side: str
    price: int
    shares: int


class RandomDay:
    """Adds, executes, reduces, deletes and replaces orders at random; knows the book afterwards."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.at_ns = OPEN_NS
        self.resting: dict[int, Resting] = {}
        self.traded: dict[str, int] = defaultdict(int)
        self._number = self._match = 0
        self.messages = [
            message("S", 0, "c", "O"),
            *(directory(stock) for stock in STOCKS),
            *(message("H", 0, "8scc4s", stock, "T", " ", b"    ") for stock in STOCKS),
            message("S", 0, "c", "Q"),
        ]

    def step(self) -> bytes:
        """Make one more message."""
        self.at_ns += self._random.randrange(NS_PER_MS)
        choices = [self._add] if len(self.resting) < 4 else [
            self._add, self._execute, self._execute_at, self._reduce, self._delete, self._replace,
            self._hidden,
        ]  # fmt: skip
        self.messages.append(self._random.choice(choices)())
        return self.messages[-1]

    def levels(self, stock: str, side: str) -> list[tuple[int, int, int]]:
        """Return price, shares and number of orders of each level, best first."""
        found: dict[int, list[int]] = defaultdict(list)
        for one in self.resting.values():
            if (one.stock, one.side) == (stock, side):
                found[one.price].append(one.shares)
        rows = [(price, sum(shares), len(shares)) for price, shares in found.items()]
        return sorted(rows, reverse=side == "B")

    def _add(self) -> bytes:
        self._number += 1
        side = self._random.choice("BS")
        away = self._random.randrange(1, 12) * 100
        price = 1_500_000 - away if side == "B" else 1_500_000 + away
        new = Resting(self._random.choice(STOCKS), side, price, self._random.randrange(1, 500))
        self.resting[self._number] = new
        fields = (self._number, side, new.shares, new.stock, price)
        if self._random.random() < 0.5:
            return message("A", self.at_ns, "QcI8sI", *fields)
        return message("F", self.at_ns, "QcI8sI4s", *fields, b"MPID")

    def _take(self) -> tuple[int, Resting, int]:
        number = self._random.choice(list(self.resting))
        order = self.resting[number]
        shares = self._random.choice([order.shares, self._random.randint(1, order.shares)])
        if shares == order.shares:
            del self.resting[number]
        else:
            self.resting[number] = order._replace(shares=order.shares - shares)
        return number, order, shares

    def _execute(self) -> bytes:
        number, order, shares = self._take()
        self._match += 1
        self.traded[order.stock] += shares
        return message("E", self.at_ns, "QIQ", number, shares, self._match)

    def _execute_at(self) -> bytes:
        number, order, shares = self._take()
        self._match += 1
        printed = self._random.choice("YN")
        self.traded[order.stock] += shares if printed == "Y" else 0
        return message("C", self.at_ns, "QIQcI", number, shares, self._match, printed, 1_500_000)

    def _reduce(self) -> bytes:
        number, _, shares = self._take()
        return message("X", self.at_ns, "QI", number, shares)

    def _delete(self) -> bytes:
        number = self._random.choice(list(self.resting))
        del self.resting[number]
        return message("D", self.at_ns, "Q", number)

    def _replace(self) -> bytes:
        old = self._random.choice(list(self.resting))
        order = self.resting.pop(old)
        self._number += 1
        new = order._replace(price=order.price + 100 * self._random.randint(-1, 1),
                             shares=self._random.randrange(1, 500))  # fmt: skip
        self.resting[self._number] = new
        return message("U", self.at_ns, "QQII", old, self._number, new.shares, new.price)

    def _hidden(self) -> bytes:
        self._match += 1
        self.traded[STOCKS[0]] += 7
        fields = (0, "B", 7, STOCKS[0], 1_500_050, self._match)
        return message("P", self.at_ns, "QcI8sIQ", *fields)
