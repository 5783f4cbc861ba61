"""People's actions on an order session, carried out by the gateway that owns it.

Numbers are set while the session is logged out and every report of the venue is durable. Then the
outcome goes to the OMS, and only its acknowledgement, which means that it has stored the new
numbers, lets the session log on. If anything breaks in between, the OMS says so with the next link
(admin_pending) and sends the command again; the session does not log on before, so doing it twice
does no harm.
"""

import asyncio
from collections import deque
from typing import Protocol

from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import session_pb2
from svc_gateway.service.orders.ownership import Ownership
from svc_gateway.service.ports import FixEngine, LinkBrokenError, StoreFaultError
from svc_gateway.service.session_view import SessionView
from svc_gateway.venues import SessionConfig

# How long the venue's reports may take to become durable before numbers are set. Seconds.
DURABLE_WAIT_S = 10.0
# How long the OMS may take to acknowledge an outcome, and to send a command it announced.
OMS_WAIT_S = 15.0

SEQUENCES = session_pb2.SESSION_ACTION_KIND_SEQUENCES
DISCONNECT = session_pb2.SESSION_ACTION_KIND_DISCONNECT
CONNECT = session_pb2.SESSION_ACTION_KIND_CONNECT
HAND_OVER = session_pb2.SESSION_ACTION_KIND_HAND_OVER

_log = get_logger(__name__)


class Session(Protocol):
    """The part of the order session that is used here."""

    config: SessionConfig
    view: SessionView
    ownership: Ownership
    engine_lock: asyncio.Lock
    kept_out: bool

    async def all_durable(self, seconds: float) -> bool:
        """Wait until the OMS has all reports of the venue; return whether it has."""

    async def until_acknowledged(self) -> tuple[int, int]:
        """Wait for the OMS's next acknowledgement, and return it."""

    async def start_engine(self, epoch: int, applied: int) -> None:
        """Begin after what is durable, unless the session must stay out."""

    async def stand_down(self, why: str) -> None:
        """Log out and give the store up."""

    async def flush_inbox(self) -> None:
        """Wait until everything handed over before now was taken in."""

    def set_state(self, state: link.SessionState, text: str) -> None:
        """Set a state and report it."""

    def poke(self) -> None:
        """Check whether there is something to send to the OMS."""


class Administration:
    """The actions, one after the other; see the head of this file."""

    def __init__(self, session: Session, engine: FixEngine) -> None:
        self._session = session
        self._engine = engine
        self._commands: deque[link.AdminCommand] = deque()
        self._some = asyncio.Event()
        self._result: link.AdminResult | None = None
        # An operator wants the session logged out.
        self._out = False

    def take(self, command: link.AdminCommand) -> None:
        """Queue a command of the OMS."""
        self._commands.append(command)
        self._some.set()

    def take_result(self) -> link.AdminResult | None:
        """Return an outcome that must be reported, once."""
        result, self._result = self._result, None
        return result

    async def run(self, opened: link.LinkOpened) -> None:
        """Carry out the commands of one link.

        Raises:
            LinkBrokenError: The OMS does not answer, or the session was given away.
        """
        self._commands.clear()
        self._result = None
        self._out = opened.kept_out
        announced = opened.admin_pending
        while True:
            self._some.clear()
            if not self._commands:
                async with asyncio.timeout(OMS_WAIT_S if announced else None):
                    await self._some.wait()
                continue
            command = self._commands.popleft()
            if command.kind == SEQUENCES:
                announced = False
            kind = session_pb2.SessionActionKind.Name(command.kind)
            _log.warning(
                "session action", session_id=self._session.config.session_id, kind=kind,
                action_id=command.action_id,
            )  # fmt: skip
            await self._carry_out(command)

    async def _carry_out(self, command: link.AdminCommand) -> None:
        session = self._session
        before = self._numbers()
        done, text = True, ""
        if command.kind == SEQUENCES:
            done, text = await self._set_numbers(command)
        elif command.kind == DISCONNECT:
            session.kept_out = self._out = True
            await self._log_out("kept out by an operator")
        elif command.kind == CONNECT:
            self._out = False
        elif command.kind == HAND_OVER:
            session.kept_out = True
            await self._log_out("handing over")
            await session.all_durable(DURABLE_WAIT_S)
            await session.stand_down("handed over")
        else:
            done, text = False, f"kind {command.kind} is not known to this gateway"
        epoch, applied = await self._report(
            link.AdminResult(
                action_id=command.action_id, done=done, text=text, before=before,
                after=self._numbers(),
            )
        )  # fmt: skip
        if command.kind in {SEQUENCES, CONNECT}:
            session.kept_out = self._out
            async with session.engine_lock:
                # A new engine has a new guard process, which does not wait as the old one did.
                waits = command.kind == CONNECT and not self._engine.logged_on()
                if waits or not self._engine.running:
                    await session.start_engine(epoch, applied)
        elif command.kind == HAND_OVER:
            raise LinkBrokenError("the session was handed over")

    async def _set_numbers(self, command: link.AdminCommand) -> tuple[bool, str]:
        session = self._session
        session.kept_out = True
        await self._log_out("sequence numbers are being set")
        if not await session.all_durable(DURABLE_WAIT_S):
            return False, f"the venue's reports were not durable within {DURABLE_WAIT_S:.0f} s"
        async with session.engine_lock:
            try:
                await asyncio.to_thread(
                    self._engine.change_numbers, command.next_sender_msg_seq_num,
                    command.next_target_msg_seq_num, reset=command.reset,
                )  # fmt: skip
            except StoreFaultError as error:
                return False, str(error)
            session.view.epoch_ns = self._engine.epoch_ns()
        return True, ""

    async def _log_out(self, why: str) -> None:
        session = self._session
        async with session.engine_lock:
            if self._engine.running:
                await asyncio.to_thread(self._engine.stop)
                await session.flush_inbox()
            session.set_state(link.SESSION_STATE_DOWN, why)

    async def _report(self, result: link.AdminResult) -> tuple[int, int]:
        """Report an outcome to the OMS, and return the numbers it has stored then."""
        self._result = result
        self._session.poke()
        async with asyncio.timeout(OMS_WAIT_S):
            return await self._session.until_acknowledged()

    def _numbers(self) -> session_pb2.SequenceNumbers:
        sender, target = self._engine.numbers()
        return session_pb2.SequenceNumbers(
            next_sender_msg_seq_num=sender,
            next_target_msg_seq_num=target,
            session_epoch=self._engine.epoch_ns(),
        )
