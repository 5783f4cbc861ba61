"""A gateway whose session another one has: it waits on its link until it gets the session."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.ports import LinkBrokenError, Stream
from svc_gateway.service.sending.outbound import LINK_SILENCE_MAX_S

LinkStream = Stream[link.LinkRequest, link.LinkResponse]

# A sign of life (beat) goes to the OMS this often; it gives the session away after 2 s without.
# Seconds.
BEAT_S = 0.5


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

    await alive_during(listen(), stream, beat)
    return turn[0]


async def alive_during(
    work: Awaitable[None], stream: LinkStream, beat: Callable[[], link.LinkRequest]
) -> None:
    """Do something while the OMS gets a sign of life every `BEAT_S`."""
    over = asyncio.Event()

    async def say() -> None:
        while not over.is_set():
            await stream.send(beat())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await over.wait()

    # Not cancelled when the work is done: a sending that is cancelled ends the stream.
    saying = asyncio.create_task(say())
    try:
        await work
    except asyncio.CancelledError:
        saying.cancel()
        raise
    except Exception:
        over.set()
        with contextlib.suppress(LinkBrokenError):
            await saying
        raise
    over.set()
    await saying
