"""A gateway whose session another one has: it waits on its link until it gets the session."""

import asyncio
from collections.abc import Callable

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.outbound import LINK_SILENCE_MAX_S
from svc_gateway.service.ports import LinkBrokenError, Stream
from svc_gateway.service.together import until_one_ends

LinkStream = Stream[link.LinkRequest, link.LinkResponse]

# We send something at least this often. Seconds.
HEARTBEAT_S = 5.0


async def stand_by(
    stream: LinkStream, beat: Callable[[], link.LinkRequest], report: Callable[[str], None]
) -> link.LinkResponse:
    """Return the frame that gives the session to this gateway.

    Raises:
        LinkBrokenError: The OMS's replica stops.
        TimeoutError: The OMS is silent.
    """
    turn: list[link.LinkResponse] = []

    async def listen() -> None:
        while not turn:
            async with asyncio.timeout(LINK_SILENCE_MAX_S):
                frame = await stream.receive()
            if frame.HasField("opened"):
                turn.append(frame)
            elif frame.HasField("drain"):
                raise LinkBrokenError("the OMS's replica stops")
            elif frame.HasField("standby"):
                report(frame.standby.text)

    async def say() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await stream.send(beat())

    await until_one_ends(listen(), say())
    return turn[0]
