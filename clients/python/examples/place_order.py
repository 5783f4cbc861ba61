"""Place an order and follow it until it is filled.

python place_order.py localhost:8443 .ordermesh/tls/ca.pem alice
"""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError, OrderCopies

ACCOUNT = "ACC-ALICE"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", help="host and port of the edge")
    parser.add_argument("ca", type=Path, help="certificate in PEM that the edge's is checked by")
    parser.add_argument("username")
    return parser.parse_args()


async def trade(mesh: MeshClient) -> None:
    """Buy 100 at the market."""
    terms = order_pb2.OrderTerms(quantity="100", time_in_force=order_pb2.TIME_IN_FORCE_DAY)
    request = order_service_pb2.PlaceRequest(
        account_id=ACCOUNT,
        instrument_id="ASML.SIMA",
        side=order_pb2.SIDE_BUY,
        type=order_pb2.ORDER_TYPE_MARKET,
        terms=terms,
    )
    # Without an answer it is asked for again with the same key for 10 s: never two orders.
    placed = await mesh.place(request, retry_for_s=10)
    print("placed", placed.order.order_id, flush=True)
    copies = OrderCopies()
    async for item in mesh.watch_orders([ACCOUNT]):
        copies.apply(item)
        order = copies.orders.get(placed.order.order_id)
        if order is not None and order.progress.state == order_pb2.ORDER_STATE_FILLED:
            print("filled", order.progress.cum_quantity, "at", order.progress.average_price)
            return


async def main(options: argparse.Namespace) -> None:
    """Log in and trade."""
    ask = getpass.getpass if sys.stdin.isatty() else input
    password = ask(f"password of {options.username}: ")
    async with MeshClient(options.target, options.ca.read_bytes()) as mesh:
        try:
            await mesh.login(options.username, password)
            await trade(mesh)
        except MeshRefusedError as refused:
            sys.exit(f"refused, {refused.reason}: {refused.text}")


if __name__ == "__main__":
    asyncio.run(main(arguments()))
