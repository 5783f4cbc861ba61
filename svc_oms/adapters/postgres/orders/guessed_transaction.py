"""A transaction on a guess: it answers from memory, and its commit is the only round trip."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs import audit_log_store
from svc_oms.adapters.postgres.orders import guess_statements as sql
from svc_oms.adapters.postgres.orders import write_parameters as parameters
from svc_oms.adapters.postgres.orders.guesses import Guesses
from svc_oms.adapters.postgres.orders.kept_connections import KeptConnections
from svc_oms.adapters.postgres.orders.transaction import PostgresTransaction
from svc_oms.adapters.postgres.orders.trusted import Trusted
from svc_oms.service.ports import (
    AccountRow,
    AuditHead,
    AuditLine,
    ExecutionRow,
    GuessMissedError,
    IdempotencyRow,
    StoreRefusedError,
    WriteSet,
)


class _NothingIsRead:
    """Stands for the connection: whatever would be read with it is not guessed."""

    def __getattr__(self, name: str) -> NoReturn:
        raise GuessMissedError(f"needs the database: {name}")


class GuessedTransaction(PostgresTransaction):
    """See `OrderStore.guess`.

    It guesses that the accounts are as they were seen last, that the keys are new and that fills
    were not applied before. The primary keys of both refuse what is not new; the keys of refused
    commands are looked up. What it does not override would read with the connection, and misses.
    """

    __slots__ = (
        "_accounts",
        "_asked",
        "_audit",
        "_bases",
        "_controls",
        "_instance",
        "_keys",
        "_real",
        "_versions",
        "_writes",
    )

    def __init__(self, connections: KeptConnections, trusted: Trusted, guesses: Guesses) -> None:
        super().__init__(connections, trusted, guesses)
        self._connection = _NothingIsRead()
        self._real: Any = None
        self._accounts: list[str] = []
        self._versions: list[int] = []
        self._controls = 0
        self._instance = ""
        self._keys: set[tuple[str, str]] = set()
        self._asked: set[tuple[str, str]] = set()
        self._writes = WriteSet()
        self._bases: dict[str, int] = {}
        self._audit: list[Any] = []

    @override
    async def __aenter__(self) -> Self:
        """Take a connection."""
        with translated():
            self._real = await self._connections.take()
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit if that was not done, and give the connection back."""
        clean = kind is GuessMissedError
        try:
            if kind is None and not self._ended:
                await self.commit()
            clean = clean or kind is None
        finally:
            self._guesses.turns.end(self._taken)
            with translated():
                await self._connections.give_back(self._real, clean=clean)

    @override
    async def lock_accounts(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        await self._guesses.turns.take(account_ids, self._taken)
        self._accounts = sorted({*self._accounts, *account_ids})
        if self._trusted.instance not in {"", self._guesses.instance}:
            # It was seen before the database was restarted. The one that is there now is compared
            # when its rows are read.
            raise GuessMissedError("seen in another instance of the database")
        found = self._guesses.of(self._accounts)
        # What the batch is decided on, whatever is seen meanwhile.
        self._versions = self._guesses.versions(self._accounts)
        self._controls = self._guesses.controls_version
        self._instance = self._guesses.instance
        return found

    @override
    async def controls_version(self) -> int:
        return self._controls

    @override
    async def keys(self, keys: Sequence[tuple[str, str]]) -> list[IdempotencyRow]:
        self._keys.update(keys)
        return []

    @override
    async def executions(self, ids: Sequence[tuple[str, str]]) -> list[ExecutionRow]:
        self._asked.update(ids)
        return []

    @override
    async def lock_audit(self, writer: str) -> AuditHead:
        head = self._guesses.audit_heads.get(writer)
        if head is None:
            raise GuessMissedError("audit chain not known")
        return head

    @override
    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        if self._audit:
            raise GuessMissedError("two parts of an audit chain")
        self._audit = audit_log_store.parameters(writer, lines)
        self._heads[writer] = AuditHead(lines[-1].sequence, lines[-1].hash)

    @override
    async def write(self, writes: WriteSet) -> dict[str, int]:
        rare: list[object] = [
            writes.busted,
            writes.parked,
            writes.parked_more,
            writes.settled,
            writes.statements,
            writes.routing_decisions,
            writes.routing_venues,
        ]
        if writes.progress is None:
            rare += [writes.executions, writes.positions, writes.venue_order_ids]
        else:
            rare += [writes.outbox, writes.new_orders, writes.idempotency]
        if any(rare):
            raise GuessMissedError("writes what is rare")
        # Only an execution that is written is compared with those that were applied before.
        if self._asked.difference((each.order_id, each.exec_id) for each in writes.executions):
            raise GuessMissedError("execution not applied")
        self._writes = writes
        return self._bases

    @override
    async def commit(self) -> None:
        self._ended = True
        writes, guesses = self._writes, self._guesses
        more = self._audit
        if writes.progress is not None:
            statement = sql.WRITE_REPORTS
            values = parameters.report_parameters(writes, writes.progress)
            if more:
                statement = sql.WRITE_AUDITED_REPORTS
                more = [*parameters.money_parameters(writes), *more]
            elif writes.executions or writes.positions:
                statement = sql.WRITE_MONEY_REPORTS
                more = parameters.money_parameters(writes)
        else:
            values = parameters.command_parameters(writes)
            written = ((row.account_id, row.key) for row in writes.idempotency)
            unwritten = self._keys.difference(written)
            if more:
                statement = sql.WRITE_AUDITED_COMMANDS
                more = [*more, *parameters.wanted_keys(unwritten)]
            elif unwritten:
                raise GuessMissedError("a command that has no key and no entry")
            else:
                statement = sql.WRITE_COMMANDS
        guess = (self._accounts, self._versions, self._controls, self._instance)
        try:
            with translated(committing=True):
                rows = await self._real.fetch(statement, *values, *guess, *more)
        except StoreRefusedError as error:
            guesses.missed(self._accounts)
            raise GuessMissedError(str(error)) from error
        if writes.progress is None:
            self._bases.update((row[1], row[2]) for row in rows if row[1] is not None)
        guesses.committed(writes.accounts, rows[0][0])
        guesses.audit_heads |= self._heads
