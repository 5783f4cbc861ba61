"""The driver of the Python client: clients/conformance/README.md has its contract."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict

from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import (
    ClientSettings,
    MeshClient,
    MeshRefusedError,
    MeshUnreachableError,
    NotLoggedInError,
    OrderCopies,
)

Step = dict[str, Any]


class Player:
    """Plays the steps of one case with one client."""

    def __init__(self, mesh: MeshClient, case: Step, lines: asyncio.StreamReader) -> None:
        self.mesh = mesh
        self.case = case
        self.lines = lines

    async def play(self, steps: list[Step], prefix: str = "") -> None:
        """Play steps one after the other."""
        for number, step in enumerate(steps):
            await self.play_one(step, f"{prefix}{number}")

    async def play_one(self, step: Step, name: str) -> None:
        """Play a step and print what came of it."""
        rules: dict[str, Callable[[Step, str], Awaitable[Any]]] = {
            "login": self.login,
            "place": self.place,
            "replace": self.replace,
            "cancel": self.cancel,
            "get": self.get,
            "list": self.list,
            "orders": self.orders,
            "prices": self.prices,
            "wait": self.wait,
            "together": self.together,
        }
        try:
            say({"step": name, "ok": await rules[step["do"]](step, name)})
        except MeshRefusedError as refused:
            error = {
                "kind": "refused",
                "code": refused.code,
                "reason": refused.reason,
                "retry_class": refused.metadata.get("retry_class", ""),
                "field": refused.metadata.get("field", ""),
            }
            say({"step": name, "error": error})
        except MeshUnreachableError:
            say({"step": name, "error": {"kind": "unreachable"}})
        except NotLoggedInError:
            say({"step": name, "error": {"kind": "not_logged_in"}})

    async def login(self, step: Step, _: str) -> Step:
        """Log in."""
        username = step.get("username", self.case["username"])
        session = await self.mesh.login(username, step.get("password", self.case["password"]))
        return {"username": session.username, "accounts": list(session.accounts)}

    async def place(self, step: Step, _: str) -> Step:
        """Place an order."""
        request = command(step, order_service_pb2.PlaceRequest())
        return shown((await self.mesh.place(request, step.get("retry_for_s", 0))).order)

    async def replace(self, step: Step, _: str) -> Step:
        """Replace an order."""
        request = command(step, order_service_pb2.ReplaceRequest())
        return shown((await self.mesh.replace(request, step.get("retry_for_s", 0))).order)

    async def cancel(self, step: Step, _: str) -> Step:
        """Cancel an order."""
        request = command(step, order_service_pb2.CancelRequest())
        rpc = self.mesh.order_service.Cancel
        return shown((await self.mesh.call(rpc, request, step.get("retry_for_s", 0))).order)

    async def get(self, step: Step, _: str) -> Step:
        """One order."""
        return shown((await self.mesh.get(step["order_id"], step.get("retry_for_s", 0))).order)

    async def list(self, step: Step, _: str) -> Step:
        """Every page."""
        request = ParseDict(step["request"], order_service_pb2.ListRequest())
        pages = self.mesh.pages(self.mesh.order_service.List, request)
        return {"order_ids": [order.order_id async for page in pages for order in page.orders]}

    async def orders(self, step: Step, name: str) -> Step:
        """The order stream until each account is there."""
        copies, events = OrderCopies(), 0
        stream = self.mesh.watch_orders(step["accounts"])
        async for item in closing(stream):
            copies.apply(item)
            if item.HasField("event"):
                events += 1
                event = item.event
                seen = {"account": event.account_id, "sequence": event.sequence}
                say({"step": name, "event": seen | {"order_id": event.order_id}})
                if events == step.get("hold_after"):
                    say({"step": name, "held": True})
                    await self.lines.readline()
            if reached(step["until"], copies.last_sequence):
                break
        ordered = sorted(copies.orders.values(), key=lambda order: order.order_id)
        return {"orders": [shown(order) for order in ordered]}

    async def prices(self, step: Step, name: str) -> Step:
        """Quotes until each listing is there."""
        mode = market_data_service_pb2.DeliveryMode.Value(f"DELIVERY_MODE_{step['mode']}")
        subscription = market_data_service_pb2.Subscription(
            instrument_ids=step["instruments"],
            topics=[market_data_pb2.TOPIC_QUOTE],
            mode=mode,
            interval_ms=step.get("interval_ms", 0),
        )
        last: dict[str, Step] = {}
        async for item in closing(self.mesh.watch_prices(subscription)):
            if not item.HasField("update"):
                continue
            update = item.update
            seen = {"sequence": update.sequence, "bid_price": plain(update.quote.bid_price)}
            last[update.instrument_id] = seen
            line = {"instrument": update.instrument_id, "conflated": update.conflated_updates}
            say({"step": name, "update": line | seen})
            if reached(step["until"], {key: one["sequence"] for key, one in last.items()}):
                break
        return {"last": last}

    async def wait(self, step: Step, _: str) -> Step:
        """Do nothing for a while."""
        await asyncio.sleep(step["s"])
        return {}

    async def together(self, step: Step, name: str) -> Step:
        """Steps at the same time."""
        steps = enumerate(step["steps"])
        await asyncio.gather(*[self.play_one(one, f"{name}.{n}") for n, one in steps])
        return {}


async def closing(stream: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Give the items of a stream and close it when the caller has enough."""
    try:
        async for item in stream:
            yield item
    finally:
        await stream.aclose()  # type: ignore[attr-defined]


def command(step: Step, request: Any) -> Any:
    """The request of a step, with the caller's key if there is one."""
    ParseDict(step["request"], request)
    request.idempotency_key = step.get("key", "")
    return request


def reached(until: dict[str, int], last: dict[str, int]) -> bool:
    """Say whether every channel is as far as wanted."""
    return all(last.get(name, -1) >= sequence for name, sequence in until.items())


def plain(text: str) -> str:
    """A decimal through Python's exact type, as plain text."""
    return format(Decimal(text), "f") if text else ""


def shown(order: order_pb2.Order) -> Step:
    """An order as the contract prints it."""
    state = order.progress.state
    known = state in order_pb2.OrderState.values()
    name = order_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_") if known else str(state)
    return {
        "order_id": order.order_id,
        "state": name,
        "quantity": plain(order.terms.quantity),
        "limit_price": plain(order.terms.limit_price),
        "cum_quantity": plain(order.progress.cum_quantity),
        "last_sequence": order.last_sequence,
    }


def say(line: Step) -> None:
    """Print one line."""
    print(json.dumps(line), flush=True)


async def main() -> None:
    """Play a case for each line of standard input."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while text := await lines.readline():
        case = json.loads(text)
        limits = case["settings"]
        settings = ClientSettings(
            attempt_timeout_s=limits["attempt_timeout_s"],
            heartbeat_s=limits["heartbeat_s"],
            backoff_base_s=limits["backoff_base_ms"] / 1000,
            backoff_cap_s=limits["backoff_cap_ms"] / 1000,
        )
        ca = Path(case["ca_file"]).read_bytes()  # noqa: ASYNC240  # a small local file
        async with MeshClient(case["address"], ca, settings=settings) as mesh:
            await Player(mesh, case, lines).play(case["steps"])
        say({"end": case["case"]})


if __name__ == "__main__":
    asyncio.run(main())
