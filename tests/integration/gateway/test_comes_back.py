"""A session that QuickFIX itself ended is logged on again, whatever the venue had sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from conformance.scripted_venue import parse
from fix.guards.guard import LOOPBACK
from tests.support.gateway_bench import Bench
from tests.support.waiting import until

SOH = "\x01"


class RawVenue:
    """An acceptor without an engine: it answers logons, and says what no engine would."""

    def __init__(self) -> None:
        self.logon_numbers: list[int] = []
        self.sent = 0
        self.answers = True
        self.writers: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server | None = None

    @property
    def logons(self) -> int:
        return len(self.logon_numbers)

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    def say(self, msg_type: str, *fields: str, number: int = 0, **header: str) -> None:
        """Send a message, with a number of its own and any header field otherwise than right."""
        if not number:
            self.sent += 1
            number = self.sent
        now = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]
        head = {"49": "TEST", "56": "ORDERMESH", "34": str(number), "52": now}
        head |= {tag.removeprefix("t"): text for tag, text in header.items()}
        parts = [f"35={msg_type}", *(f"{tag}={text}" for tag, text in head.items() if text)]
        text = SOH.join((*parts, *fields)) + SOH
        whole = f"8=FIX.4.4{SOH}9={len(text)}{SOH}{text}"
        whole += f"10={sum(whole.encode()) % 256:03d}{SOH}"
        self.writers[-1].write(whole.encode())

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                raw = await reader.readuntil(f"{SOH}10=".encode())
                raw += await reader.readuntil(SOH.encode())
                message = parse(raw.decode())
                if message["35"] == "A":
                    self.logon_numbers.append(int(message["34"]))
                    self.answers = True
                    if reset := message.get("141", ""):
                        self.sent = 0
                    self.say("A", "98=0", f"108={message['108']}", *(["141=Y"] if reset else []))
                elif message["35"] == "1" and self.answers:
                    self.say("0", f"112={message['112']}")
                elif message["35"] == "2":
                    self.say("4", "123=Y", f"36={self.sent + 1}", number=int(message["7"]), t43="Y")
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def raw_venue() -> AsyncIterator[RawVenue]:
    venue = RawVenue()
    venue.server = await asyncio.start_server(venue.connected, LOOPBACK)
    yield venue
    venue.server.close()
    for writer in venue.writers:
        writer.close()
    await venue.server.wait_closed()


def number_too_low(venue: RawVenue) -> None:
    venue.say("0", number=1)


def no_number(venue: RawVenue) -> None:
    venue.say("0", t34="")


def silence(venue: RawVenue) -> None:
    venue.answers = False


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (number_too_low, "MsgSeqNum too low, expecting 2 but received 1"),
        (no_number, "Field not found: 34"),
        (silence, "Timed out waiting for heartbeat"),
    ],
)
async def test_a_session_that_quickfix_ended_is_logged_on_again(
    bench: Bench, raw_venue: RawVenue, fault: Callable[[RawVenue], None], why: str
) -> None:
    bench.sessions = [bench.order_session(port=raw_venue.port, heartbeat_s=1)]
    await bench.up()
    fault(raw_venue)
    await until(lambda: raw_venue.logons == 2, "it is logged on again")
    assert any(why in status.text for status in bench.oms.statuses)
    await bench.oms.until_up()


async def test_a_feed_that_quickfix_ended_is_logged_on_again(
    bench: Bench, raw_venue: RawVenue
) -> None:
    bench.sessions = [bench.market_session(port=raw_venue.port, heartbeat_s=1)]
    await bench.start()
    await until(lambda: raw_venue.logons == 1, "it is logged on")
    silence(raw_venue)
    await until(lambda: raw_venue.logons == 2, "it is logged on again")
