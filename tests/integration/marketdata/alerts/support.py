"""A user of price alerts, and what the database has of them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing

import asyncpg

from ordermesh.marketdata.v1 import price_alert_pb2 as alert_pb
from ordermesh.marketdata.v1 import price_alert_service_pb2 as pb
from tests.integration.marketdata.history.support import eventually
from tests.support.tokens import bearer

ASML = "ASML.SIMA"
LAST, BID = alert_pb.ALERT_PRICE_LAST, alert_pb.ALERT_PRICE_BID
ACTIVE, FIRED = alert_pb.ALERT_STATE_ACTIVE, alert_pb.ALERT_STATE_FIRED
ENDED = alert_pb.ALERT_STATE_ENDED


def wanted(**fields):
    """A request for an alert that the books of the feed, 10 / 11, do not reach."""
    good = {"idempotency_key": str(uuid.uuid4()), "instrument_id": ASML}
    if not {"above", "below", "percent"} & fields.keys():
        good["above"] = "20"
    return pb.CreateAlertRequest(**(good | fields))


class User:
    """Calls PriceAlertService as one user, with rights to prices."""

    def __init__(self, service, name, *rights):
        self.service = service
        self.stub = service.alerts
        self.be(name, *rights)

    def be(self, name, *rights):
        """Log in, with these rights from now on."""
        token = self.service.mint.mint_token(
            name, roles=("VIEWER",), prices=list(rights or ("*=REAL_TIME",))
        )
        self.metadata = bearer(token)
        return self

    async def ask(self, **fields):
        return await self.stub.CreateAlert(wanted(**fields), metadata=self.metadata)

    async def make(self, **fields):
        return (await self.ask(**fields)).alert

    def create(self, **fields):
        """The call, not awaited: for refusals."""
        return self.stub.CreateAlert(wanted(**fields), metadata=self.metadata)

    async def alerts(self, **fields):
        request = pb.ListAlertsRequest(**fields)
        return list((await self.stub.ListAlerts(request, metadata=self.metadata)).alerts)

    async def alert(self, alert_id):
        return next(one for one in await self.alerts() if one.alert_id == alert_id)

    async def until(self, alert_id, state):
        """Wait until an alert has a state; return it."""

        async def has_it():
            return (await self.alert(alert_id)).state == state

        await eventually(has_it, f"the alert is {alert_pb.AlertState.Name(state)}")
        return await self.alert(alert_id)

    def cancel(self, alert_id):
        request = pb.CancelAlertRequest(alert_id=alert_id)
        return self.stub.CancelAlert(request, metadata=self.metadata)

    async def items(self, cursor=None) -> AsyncIterator[alert_pb.AlertItem]:
        request = pb.WatchAlertsRequest(heartbeat_s=1)
        if cursor is not None:
            request.cursor.CopyFrom(cursor)
        call = self.stub.WatchAlerts(request, metadata=self.metadata)
        try:
            async for frame in call:
                for item in frame.items:
                    yield item
        finally:
            call.cancel()

    async def watch(self, *, events, cursor=None):
        """Read a stream up to so many events, and to the snapshot's end without a cursor."""
        found = []
        async with aclosing(self.items(cursor)) as items:
            async for item in items:
                kind = item.WhichOneof("item")
                if kind != "heartbeat":
                    found.append(item)
                complete = cursor is not None or any(
                    one.HasField("snapshot_complete") for one in found
                )
                if complete and sum(one.HasField("event") for one in found) >= events:
                    return found
        raise AssertionError("the stream ended")


async def rows(url, query, *values):
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def logged(url):
    """Every entry of the log in order: user, sequence, alert, state."""
    return await rows(
        url,
        """SELECT user_id, sequence, alert_id, (body->>'state')::int FROM marketdata.alert_log
            ORDER BY log_number""",
    )
