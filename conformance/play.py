"""Plays one case of `cases/`: client, venue and what is seen, line by line.

The words, in the order of a line:

    phoned: QTY [@PX] [as=NAME]      an unsolicited order; as: the venue's own ClOrdID(11)
    client: place QTY [@PX] [tif=GTC] | replace QTY [@PX] | cancel    orig=X: OrigClOrdID(41)
    client: place cash=MONEY                                          CashOrderQty(152)
    refused: REASON and one of these                                 the OMS refuses it
    again: place                                                      the same key once more
    venue: MESSAGE [QTY] [@PX] [tag=value ...]                        see MESSAGES
    sees: STATE CUM LEAVES [avg=] [qty=] [reason=] [code=] [anomalies=] [executions=]

X, Y, Z, W are the ClOrdID(11) of the first to fourth request. The venue keeps a book of its own,
so CumQty(14), LeavesQty(151), AvgPx(6) and OrdStatus(39) are right unless a line says otherwise:
`for=Y`, `orig=X`, `status=6`, `cum=`, `leaves=`, `id=` and `ref=` (executions), `t378=5` (any tag),
`makes=200` (the OrderQty(38) the venue makes of the money).
"""

import time
from dataclasses import dataclass, field
from decimal import Decimal

import grpc.aio

from conformance.cases import Case
from conformance.path import OrderPath
from conformance.scripted_venue import body
from fix.wire import utc_text
from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2

NAMES = {value: name.removeprefix("ORDER_STATE_") for name, value in order_pb2.OrderState.items()}
LETTERS = "XYZWV"
PRICE = "50"
# Name of a message: ExecType(150), and OrdStatus(39) where it is not what the venue's book says.
MESSAGES = {
    "pending_new": ("A", "A"), "new": ("0", ""), "trade": ("F", ""), "done": ("3", "3"),
    "canceled": ("4", "4"), "replaced": ("5", ""), "pending_cancel": ("6", "6"),
    "stopped": ("7", "7"), "rejected": ("8", "8"), "suspended": ("9", "9"),
    "calculated": ("B", "B"), "expired": ("C", "C"), "restated": ("D", ""),
    "pending_replace": ("E", "E"), "correct": ("G", ""), "bust": ("H", ""), "status": ("I", ""),
}  # fmt: skip
CLOSING = {"canceled", "expired", "rejected"}


@dataclass
class VenueBook:
    """The order as the venue has it."""

    quantity: Decimal
    price: str
    cl_ord_id: str
    orig_cl_ord_id: str = ""
    cum: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    closed: bool = False
    pending: str = ""
    executions: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def leaves(self) -> Decimal:
        """LeavesQty(151)."""
        return Decimal(0) if self.closed else max(self.quantity - self.cum, Decimal(0))

    @property
    def status(self) -> str:
        """OrdStatus(39)."""
        if self.closed:
            return "4"
        if self.pending:
            return self.pending
        return "2" if self.cum >= self.quantity > 0 else "1" if self.cum else "0"

    def count(self, quantity: Decimal, price: Decimal) -> None:
        """Add to what is executed."""
        self.cum += quantity
        self.notional += quantity * price

    def average(self) -> str:
        """AvgPx(6), as the venue works it out."""
        return f"{self.notional / self.cum:.4f}" if self.cum else "0"


class Play:
    """One case being played."""

    def __init__(self, path: OrderPath) -> None:
        self.path = path
        self.order_id = ""
        self.key = ""
        self.requests = 0
        self.asked: dict[str, tuple[Decimal, str]] = {}
        self.book = VenueBook(Decimal(0), PRICE, "")
        self.exec_number = 0
        self.phoned = ""
        self.cash = ""
        """Of an order in money, until the venue has reported its quantity."""

    async def say(self, verb: str, line: str) -> None:
        """Play one line."""
        await getattr(self, f"_{verb}")(line.split())

    async def run(self, steps: tuple[dict[str, str], ...]) -> None:
        """Play all lines; an error names the line."""
        for number, step in enumerate(steps, 1):
            ((verb, line),) = step.items()
            try:
                await self.say(verb, str(line))
            except (AssertionError, grpc.aio.AioRpcError) as error:
                raise AssertionError(f"line {number}, {verb}: {line}\n{error}") from error

    # -- client -------------------------------------------------------------------------------

    async def _phoned(self, words: list[str]) -> None:
        quantity, price = Decimal(words[0]), _price(words) or PRICE
        self.phoned = f"BY-PHONE-{self.path.key()}"
        self.book = VenueBook(quantity, price, _options(words).get("as", ""))
        self.requests = 1

    async def _find(self) -> None:
        """Find the one unsolicited order in the order book."""
        path = self.path
        await path.settled()
        request = order_service_pb2.ListRequest(account_id=path.account_id, page_size=500)
        since = time.monotonic()
        while True:
            listed = (await path.orders.List(request, metadata=path.metadata)).orders
            found = [one for one in listed if one.venue_order_id == self.phoned]
            if found or not await path.again(since):
                break
        (order,) = found
        assert order.origin == order_pb2.ORDER_ORIGIN_VENUE
        self.order_id = order.order_id

    async def _client(self, words: list[str]) -> None:
        if self.phoned:
            await self._find()
        await self._ask(words)
        self.requests += 1
        name = LETTERS[self.requests - 1]
        request = await self.path.at_venue(self._id(name))
        cash = _options(words).get("cash", self.cash)
        if cash:
            assert (request.get("152"), request.get("38")) == (cash, None)
            self.cash = "" if self.book.quantity else cash
        if words[0] != "cancel":
            self.asked[name] = (Decimal(request.get("38", 0)), request.get("44", ""))
        if words[0] == "place":
            self.book = VenueBook(self.asked[name][0], request.get("44", ""), request["11"])
        orig = _options(words).get("orig")
        if orig:
            assert request["41"] == self._id(orig)
        elif self.phoned:
            assert request["37"] == self.phoned
            assert request["41"] == (self.book.cl_ord_id or self.phoned)

    async def _ask(self, words: list[str]) -> None:
        kind, options = words[0], _options(words)
        path = self.path
        if "cash" in options:
            path.quote(PRICE)
        if kind == "place":
            self.key = path.key()
            placed = await path.orders.Place(self._place_request(words), metadata=path.metadata)
            assert not placed.duplicate
            self.order_id = placed.order.order_id
        elif kind == "replace":
            request = order_service_pb2.ReplaceRequest(
                idempotency_key=path.key(), order_id=self.order_id, terms=_terms(words, options)
            )
            await path.orders.Replace(request, metadata=path.metadata)
        else:
            cancel = order_service_pb2.CancelRequest(
                idempotency_key=path.key(), order_id=self.order_id
            )
            await path.orders.Cancel(cancel, metadata=path.metadata)

    def _place_request(self, words: list[str]) -> order_service_pb2.PlaceRequest:
        return order_service_pb2.PlaceRequest(
            idempotency_key=self.key, account_id=self.path.account_id,
            instrument_id=self.path.instrument_id,
            side=order_pb2.SIDE_BUY, type=order_pb2.ORDER_TYPE_LIMIT,
            terms=_terms(words, _options(words)),
        )  # fmt: skip

    async def _refused(self, words: list[str]) -> None:
        reason, *command = words
        try:
            await self._ask(command)
        except grpc.aio.AioRpcError as error:
            found, _ = reason_of(error)
            assert found == reason
        else:
            raise AssertionError("it was taken")

    async def _again(self, words: list[str]) -> None:
        path = self.path
        placed = await path.orders.Place(self._place_request(words), metadata=path.metadata)
        assert placed.duplicate
        assert placed.order.order_id == self.order_id

    # -- venue --------------------------------------------------------------------------------

    async def _venue(self, words: list[str]) -> None:
        self.path.venue.send(self.message(words))

    def message(self, words: list[str]) -> str:
        """Apply an event to the venue's book, and return the venue's message about it."""
        name, options = words[0], _options(words)
        if name == "cancel_reject":
            text = self._cancel_reject(options)
            self.book.pending = ""
            return text
        book = self.book
        exec_type, fixed = MESSAGES[name]
        if "makes" in options:
            book.quantity, self.cash = Decimal(options["makes"]), ""
        self.exec_number += 1
        exec_id = options.get("id", f"{self.exec_number}")
        tags = self._tags(name, options)
        quantity, price = _quantity(words), Decimal(_price(words) or PRICE)
        self._move(name, words, options, exec_id)
        status = options.get("status", fixed or book.status)
        tags |= {
            "t17": self._exec_id(exec_id), "t150": exec_type, "t39": status,
            "t38": f"{book.quantity}", "t14": options.get("cum", f"{book.cum}"),
            "t151": options.get("leaves", f"{book.leaves}"), "t6": book.average(),
        }  # fmt: skip
        if name in {"trade", "correct", "stopped"} and quantity is not None:
            tags |= {"t32": f"{quantity}", "t31": f"{price}"}
        if not book.quantity:
            del tags["t38"]
        if "ref" in options:
            tags["t19"] = self._exec_id(options["ref"])
        tags |= {key: value for key, value in options.items() if key[1:].isdigit()}
        head = {"t97": "Y"} if tags.pop("t97", "") else {}
        return body("8", **head, **tags)

    def _tags(self, name: str, options: dict[str, str]) -> dict[str, str]:
        book = self.book
        answers = {"canceled", "pending_cancel", "pending_replace", "replaced"}
        solicited = name in answers and self.requests > 1
        about = self._id(LETTERS[self.requests - 1]) if solicited else book.cl_ord_id
        if "for" in options:
            about = self._id(options["for"])
        tags = {"t37": f"V-{self.order_id}", "t11": about, "t55": self.path.symbol, "t54": "1"}
        tags |= {"t60": utc_text(time.time_ns())}
        if self.phoned:
            tags |= {"t37": self.phoned, "t1": self.path.account_id, "t40": "2", "t44": book.price}
        if not about:
            del tags["t11"]
        orig = self._id(options["orig"]) if "orig" in options else book.cl_ord_id
        if about != orig:
            tags["t41"] = orig or self.phoned
        return tags

    def _move(self, name: str, words: list[str], options: dict[str, str], exec_id: str) -> None:
        """Change the venue's book by the next message."""
        book = self.book
        quantity, price = _quantity(words), Decimal(_price(words) or PRICE)
        if name == "trade":
            assert quantity is not None
            if exec_id not in book.executions:
                book.count(quantity, price)
            book.executions[exec_id] = (quantity, price)
        elif name in {"bust", "correct"}:
            before, at = book.executions.get(options["ref"], (Decimal(0), Decimal(0)))
            book.count(-before, at)
            if name == "correct":
                assert quantity is not None
                book.count(quantity, price)
                book.executions[exec_id] = (quantity, price)
        elif name in {"replaced", "restated"}:
            book.pending = options.get("then", "")
            letter = options.get("for", LETTERS[self.requests - 1])
            if name == "replaced":
                book.quantity, book.price = self.asked.get(letter, (book.quantity, book.price))
                book.cl_ord_id = self._id(letter)
            book.quantity = quantity or book.quantity
        elif name in {"pending_cancel", "pending_replace"}:
            book.pending = MESSAGES[name][0]
        elif name in CLOSING:
            book.closed, book.pending = True, ""

    def _cancel_reject(self, options: dict[str, str]) -> str:
        letter = options.get("for", LETTERS[self.requests - 1])
        tags = {
            "t37": self.phoned or f"V-{self.order_id}", "t11": self._id(letter),
            "t41": self._id(options["orig"]) if "orig" in options else self.book.cl_ord_id,
            "t39": options.get("status", self.book.status),
            "t434": "2" if letter in self.asked else "1", "t102": options.get("reason", "0"),
        }  # fmt: skip
        return body("9", **tags)

    def _id(self, letter: str) -> str:
        return f"{self.order_id}-{LETTERS.index(letter) + 1}"

    def _exec_id(self, name: str) -> str:
        return f"{self.phoned or self.order_id}/{name}"

    # -- what is seen -------------------------------------------------------------------------

    async def _sees(self, words: list[str]) -> None:
        await self.path.settled()
        if self.phoned:
            await self._find()
        since = time.monotonic()
        while True:
            try:
                _compare(words, await self.path.get(self.order_id))
            except AssertionError:
                if not await self.path.again(since):
                    raise
            else:
                return


def _compare(words: list[str], found: order_service_pb2.GetResponse) -> None:
    """Raise AssertionError if the client does not see what the line says."""
    order, progress = found.order, found.order.progress
    state, cum, leaves = words[0], *words[1:3]
    seen = (NAMES[progress.state], progress.cum_quantity, progress.leaves_quantity)
    assert seen == (state, cum, leaves)
    counted = [one for one in found.executions if not one.busted]
    assert sum(Decimal(one.quantity) for one in counted) == Decimal(cum)
    checks = {
        "avg": lambda: progress.average_price,
        "qty": lambda: order.terms.quantity,
        "px": lambda: order.terms.limit_price,
        "anomalies": lambda: str(order.anomaly_count),
        "executions": lambda: str(len(found.executions)),
        "reason": lambda: _reason(order),
        "code": lambda: str(order.rejection.venue_code),
    }
    for key, wanted in ({"anomalies": "0"} | _options(words)).items():
        assert (key, checks[key]()) == (key, wanted)


def _reason(order: order_pb2.Order) -> str:
    if not order.HasField("rejection"):
        return "none"
    return error_pb2.ErrorReason.Name(order.rejection.reason).removeprefix("ERROR_REASON_")


def _terms(words: list[str], options: dict[str, str]) -> order_pb2.OrderTerms:
    in_force = f"TIME_IN_FORCE_{options.get('tif', 'DAY')}"
    if "cash" in options:
        return order_pb2.OrderTerms(
            cash_quantity=options["cash"], limit_price=PRICE, time_in_force=in_force
        )
    return order_pb2.OrderTerms(
        quantity=words[1], limit_price=_price(words) or PRICE, time_in_force=in_force
    )


def _options(words: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words if "=" in word)


def _quantity(words: list[str]) -> Decimal | None:
    return Decimal(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _price(words: list[str]) -> str:
    return next((word[1:] for word in words if word.startswith("@")), "")


async def play(path: OrderPath, case: Case) -> None:
    """Play a case; the error of one that fails names the line."""
    await Play(path).run(case.steps)
