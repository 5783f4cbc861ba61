"""The venue's append-only journal of client orders: what it must know after a restart.

One write call per batch, so that kill -9 leaves whole batches (the page cache survives the
process; the journal is not synced for power loss: this is a simulator). Records are lines of
fields with the FIX delimiter between, which no FIX value can hold:

    B                                       a batch begins
    O client order_id ... special short_code  an order as it is after the batch
    R client exec_id body                   a report of the batch, as it is sent

A batch is written before its reports are handed to QuickFIX. So only the reports of the last
batch can be missing in the FIX store, and after a restart they are sent from here.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sim_exchange.domain.order import PLAIN, OrderKind, PegTo, Side, Special, TimeInForce
from sim_exchange.service.orders import ClientOrder, Terms

_SEP = "\x01"
_ID_SEP = "\x02"
_ORDER_FIELDS = (18, 19, 20)
"""Of an order as venues wrote it before they had special orders, before short sales, and now."""


class JournalError(ValueError):
    """The store folder cannot be used; the text says why."""


class JournalledReport(NamedTuple):
    """A report of the last batch."""

    client: str
    exec_id: str
    body: str


def order_line(order: ClientOrder) -> str:
    """One order as a record."""
    terms = order.terms
    return (
        f"O\x01{order.client}\x01{order.order_id}\x01{order.cl_ord_id}\x01{terms.account}"
        f"\x01{terms.symbol}\x01{terms.isin}\x01{terms.side.value}\x01{terms.kind.value}"
        f"\x01{terms.tif.value}\x01{terms.price}\x01{terms.quantity}\x01{order.cum}"
        f"\x01{order.notional}\x01{order.status}\x01{order.reason}\x01{order.text}"
        f"\x01{_ID_SEP.join(order.cl_ord_ids)}\x01{_special_text(order)}\x01{terms.short_code}\n"
    )


def _special_text(order: ClientOrder) -> str:
    terms = order.terms
    if terms.special == PLAIN and not terms.expire_ns:
        return ""
    display, stop, trail, peg, offset = terms.special
    code = peg.value if peg else ""
    return f"{display},{stop},{trail},{code},{offset},{terms.expire_ns},{order.pegged}"


def _read_special(text: str) -> tuple[Special, int, int]:
    display, stop, trail, code, offset, expire_ns, pegged = text.split(",")
    peg = PegTo(code) if code else None
    special = Special(int(display), int(stop), int(trail), peg, int(offset))
    return special, int(expire_ns), int(pegged)


def report_line(client: str, exec_id: str, body: str) -> str:
    """One report as a record."""
    return f"R\x01{client}\x01{exec_id}\x01{body}\n"


def _read_order(parts: list[str]) -> ClientOrder:
    terms = Terms(
        account=parts[4],
        symbol=parts[5],
        isin=parts[6],
        side=Side(int(parts[7])),
        kind=OrderKind(parts[8]),
        tif=TimeInForce(parts[9]),
        price=int(parts[10]),
        quantity=int(parts[11]),
    )
    order = ClientOrder(parts[1], parts[2], parts[3], terms)
    order.cum, order.notional = int(parts[12]), int(parts[13])
    order.status, order.reason, order.text = parts[14], int(parts[15]), parts[16]
    order.cl_ord_ids = tuple(parts[17].split(_ID_SEP))
    if len(parts) > _ORDER_FIELDS[0] and parts[18]:
        special, expire_ns, order.pegged = _read_special(parts[18])
        order.terms = terms._replace(special=special, expire_ns=expire_ns)
    if len(parts) > _ORDER_FIELDS[1]:
        order.terms = order.terms._replace(short_code=parts[19])
    return order


class Journal:
    """The journal of one venue in its store folder.

    Args:
        folder: Made if missing.
        closed_orders_max: Closed orders kept when the journal is rewritten at start.

    Attributes:
        start_number: How often the journal was opened, this time included.
        orders: Orders as they were when the last process ended.
        last_reports: Reports of the last batch.
    """

    def __init__(self, folder: Path, closed_orders_max: int = 200_000) -> None:
        self._path = folder / "orders.journal"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.start_number = self._count_start(folder / "starts")
            self.orders, self.last_reports = self._load()
            self._compact(closed_orders_max)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise JournalError(f"store folder {folder}: {error}") from error

    def write(self, lines: Iterable[str]) -> None:
        """Append a batch; it is with the operating system when this returns.

        Raises:
            OSError: The disk is full or gone; nothing of the batch may be reported.
        """
        data = ("B\n" + "".join(lines)).encode("utf-8", "surrogateescape")
        written = os.write(self._file, data)
        if written != len(data):
            raise OSError(f"journal {self._path}: wrote {written} of {len(data)} bytes")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _count_start(self, path: Path) -> int:
        try:
            number = int(path.read_text()) + 1 if path.exists() else 1
        except ValueError as error:
            raise JournalError(f"{path} is not a number; it counts the starts") from error
        _replace_file(path, f"{number}\n".encode())
        return number

    def _load(self) -> tuple[list[ClientOrder], list[JournalledReport]]:
        orders: dict[str, ClientOrder] = {}
        reports: list[JournalledReport] = []
        if not self._path.exists():
            return [], []
        with self._path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith("\n"):
                    break  # the last write was cut off; nothing of it was reported
                parts = line[:-1].split(_SEP)
                if parts[0] == "B":
                    reports.clear()
                elif parts[0] == "O" and len(parts) in _ORDER_FIELDS:
                    orders.pop(parts[2], None)
                    orders[parts[2]] = _read_order(parts)
                elif parts[0] == "R" and len(parts) > 3:  # noqa: PLR2004 - client, id, body
                    body = _SEP.join(parts[3:])
                    reports.append(JournalledReport(parts[1], parts[2], body))
                else:
                    raise JournalError(f"{self._path}, line {number}: not a record: {line[:80]!r}")
        return list(orders.values()), reports

    def _compact(self, closed_orders_max: int) -> None:
        """Write the journal anew with one record an order, in the order of last change."""
        surplus = sum(not order.is_open for order in self.orders) - closed_orders_max
        kept = []
        for order in self.orders:
            if surplus > 0 and not order.is_open:
                surplus -= 1
            else:
                kept.append(order)
        self.orders = kept
        # The last reports stay until the next batch: this start may be killed as well.
        lines = ["B\n", *map(order_line, kept), *(report_line(*r) for r in self.last_reports)]
        _replace_file(self._path, "".join(lines).encode("utf-8", "surrogateescape"))


def _replace_file(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
