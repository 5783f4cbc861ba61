"""Plays one case of tests/conformance/wire/cases: client, venue and what is seen, line by line.

The words, in the order of a line:

    phoned: QTY [@PX] [as=NAME]      an order by word of mouth; as: the venue's own ClOrdID(11)
    client: place QTY [@PX] [tif=GTC] | replace QTY [@PX] | cancel    orig=X: OrigClOrdID(41)
    client: place cash=MONEY                                          CashOrderQty(152)
    refused: REASON and one of these                                 the book refuses it
    again: place                                                      the same key once more
    venue: MESSAGE [QTY] [@PX] [tag=value ...]                        see MESSAGES
    sees: STATE CUM LEAVES [avg=] [qty=] [reason=] [code=] [anomalies=] [executions=]

X, Y, Z, W are the ClOrdID(11) of the first to fourth request. The venue keeps a book of its own,
so CumQty(14), LeavesQty(151), AvgPx(6) and OrdStatus(39) are right unless a line says otherwise:
`for=Y`, `orig=X`, `status=6`, `cum=`, `leaves=`, `id=` and `ref=` (executions), `t378=5` (any tag),
`makes=200` (the OrderQty(38) the venue makes of the money).
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import grpc.aio
import yaml

from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from tests.support.scripted_venue import body
from tests.support.wire import MIC, NAMES, Wire

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


@dataclass(frozen=True)
class Case:
    """A case as its file tells it."""

    name: str
    group: str
    fix: str
    fix42: str
    tells: str
    steps: tuple[dict[str, str], ...]


def load_cases(folder: Path) -> list[Case]:
    """Read every case, in the order of the files."""
    cases = []
    for path in sorted(folder.glob("*.yaml")):
        page = yaml.safe_load(path.read_text(encoding="utf-8"))
        cases += [
            Case(
                case["name"], page["group"], str(case.get("fix", "")), str(case.get("fix42", "")),
                " ".join(case["tells"].split()), tuple(case["steps"]),
            )
            for case in page["cases"]
        ]  # fmt: skip
    return cases


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
        return Decimal(0) if self.closed else max(self.quantity - self.cum, Decimal(0))

    @property
    def status(self) -> str:
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

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.order_id = ""
        self.key = ""
        self.requests = 0
        self.asked: dict[str, tuple[Decimal, str]] = {}
        self.book = VenueBook(Decimal(0), PRICE, "")
        self.exec_number = 0
        self.phoned = ""
        self.cash = ""
        """Of an order in money, as long as the venue did not tell what it makes."""

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
        self.phoned = f"BY-PHONE-{self.wire.key()}"
        self.book = VenueBook(quantity, price, _options(words).get("as", ""))
        self.requests = 1

    async def _find(self) -> None:
        """Find the one order the book has of what was given by telephone."""
        client = self.wire.client
        await self.wire.settled()
        request = order_service_pb2.ListRequest(account_id="ACC-ALICE", page_size=500)
        listed = (await client.orders.List(request, metadata=client.metadata)).orders
        (order,) = [one for one in listed if one.venue_order_id == self.phoned]
        assert order.origin == order_pb2.ORDER_ORIGIN_VENUE
        self.order_id = order.order_id

    async def _client(self, words: list[str]) -> None:
        if self.phoned:
            await self._find()
        await self._ask(words)
        self.requests += 1
        name = LETTERS[self.requests - 1]
        request = await self.wire.at_venue(self._id(name))
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
        client, wire = self.wire.client, self.wire
        if "cash" in options:
            wire.quote(PRICE)
        if kind == "place":
            self.key = wire.key()
            placed = await client.orders.Place(self._place_request(words), metadata=client.metadata)
            assert not placed.duplicate
            self.order_id = placed.order.order_id
        elif kind == "replace":
            request = order_service_pb2.ReplaceRequest(
                idempotency_key=wire.key(), order_id=self.order_id, terms=_terms(words, options)
            )
            await client.orders.Replace(request, metadata=client.metadata)
        else:
            await client.cancel(wire.key(), self.order_id)

    def _place_request(self, words: list[str]) -> order_service_pb2.PlaceRequest:
        return order_service_pb2.PlaceRequest(
            idempotency_key=self.key, account_id="ACC-ALICE", instrument_id=f"ASML.{MIC}",
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
        client = self.wire.client
        placed = await client.orders.Place(self._place_request(words), metadata=client.metadata)
        assert placed.duplicate
        assert placed.order.order_id == self.order_id

    # -- venue --------------------------------------------------------------------------------

    async def _venue(self, words: list[str]) -> None:
        self.wire.venue.send(self.message(words))

    def message(self, words: list[str]) -> str:
        """Let it happen in the venue's book, and return what the venue says of it."""
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
        tags = {"t37": f"V-{self.order_id}", "t11": about, "t55": "ASML", "t54": "1"}
        tags |= {"t60": "20260102-03:04:05.678"}
        if self.phoned:
            tags |= {"t37": self.phoned, "t1": "ACC-ALICE", "t40": "2", "t44": book.price}
        if not about:
            del tags["t11"]
        orig = self._id(options["orig"]) if "orig" in options else book.cl_ord_id
        if about != orig:
            tags["t41"] = orig or self.phoned
        return tags

    def _move(self, name: str, words: list[str], options: dict[str, str], exec_id: str) -> None:
        """Change the venue's book by what it is about to say."""
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
            "t37": f"V-{self.order_id}", "t11": self._id(letter),
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
        await self.wire.settled()
        if self.phoned:
            await self._find()
        found = await self.wire.client.get(self.order_id)
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
    in_force = order_pb2.TimeInForce.Value(f"TIME_IN_FORCE_{options.get('tif', 'DAY')}")
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


async def play(wire: Wire, case: Case) -> None:
    """Play a case."""
    await Play(wire).run(case.steps)
