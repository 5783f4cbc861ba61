"""Sends messages to destinations: one at a time to each, so that none waits for another."""

import asyncio
from typing import Final

from kernel.clock import Clock
from mesh.log import get_logger
from mesh.telemetry import counter
from svc_notify.domain.attempts import next_attempt
from svc_notify.domain.outbox import Dead, Held, Message, Outcome, RetryAfter
from svc_notify.service.notifier import Owner
from svc_notify.service.ports import Channels, Outbox, StoreUnavailableError

LOOK_INTERVAL_S: Final = 0.2
"""Between two looks for messages that are due."""
RETRY_S: Final = 1.0
"""Until a database that is away is tried again."""
AT_ONCE_MAX: Final = 200
"""Messages in one look: one for each destination that there may be."""
CLAIM_S: Final = 40.0
"""For which a message is claimed: longer than an attempt of any channel takes."""

NOT_PERMITTED: Final = "the user of its rule may not have it any more"

_log = get_logger(__name__)
_attempts = counter(
    "notify_attempts", "Attempts to deliver a message, by what became of them", ["outcome"]
)


class Dispatcher:
    """Runs forever, and sends in the process that has the lease."""

    def __init__(self, outbox: Outbox, channels: Channels, owner: Owner, clock: Clock) -> None:
        """Take where messages wait, the channels, the lease and the time."""
        self._outbox = outbox
        self._channels = channels
        self._owner = owner
        self._clock = clock
        self._had_lease = False

    async def run(self) -> None:
        """Send until cancelled. What was being sent then is sent again, under the same id."""
        async with asyncio.TaskGroup() as sending:
            while True:
                try:
                    for message in await self._due():
                        sending.create_task(self._send(message))
                    await asyncio.sleep(LOOK_INTERVAL_S)
                except StoreUnavailableError:  # the notifier reports it
                    await asyncio.sleep(RETRY_S)

    async def _due(self) -> list[Message]:
        if not self._owner.mine:
            self._had_lease = False
            return []
        if not self._had_lease:
            # Who had it before has ended, or hangs: what it was sending is sent again at once.
            await self._outbox.release()
            self._had_lease = True
        return await self._outbox.claim(self._clock.now_ns(), AT_ONCE_MAX, CLAIM_S)

    async def _send(self, message: Message) -> None:
        said = await self._attempt(message)
        now_ns = self._clock.now_ns()
        outcome, due_ns = next_attempt(said, message.attempt, now_ns)
        name = type(outcome).__name__
        _attempts.labels(name).inc()
        if isinstance(outcome, RetryAfter | Dead):
            _log.warning(
                "a message is not delivered",
                message_id=message.message_id,
                destination_id=message.destination.destination_id,
                attempt=message.attempt,
                outcome=name,
                cause=outcome.cause,
            )
        try:
            await self._outbox.settle(message, outcome, due_ns, now_ns)
        except StoreUnavailableError:
            _log.warning(
                "what became of a message is not stored: it is sent again",
                message_id=message.message_id,
                outcome=name,
            )

    async def _attempt(self, message: Message) -> Outcome:
        if not message.total:
            return Dead(NOT_PERMITTED)
        if message.quiet is not None:
            # It waits since before they began, or is sent again.
            now_ns = self._clock.now_ns()
            if (until_ns := message.quiet.end_after(now_ns)) > now_ns:
                return Held(until_ns)
        try:
            return await self._channels[message.destination.channel].deliver(message)
        except Exception as error:  # noqa: BLE001  one message must not delay all others
            # It becomes a dead letter in time. The text of the error may be about a secret.
            return RetryAfter(f"a mistake in the service: {type(error).__name__}")
