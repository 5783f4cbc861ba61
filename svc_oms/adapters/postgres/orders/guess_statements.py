"""The statements that write a batch which was decided on a guess: one round trip each.

Each first confirms the guess (function oms.confirm, migration 0041), which locks the accounts, and
then writes as WRITE_COMMANDS and WRITE_VENUE do. It commits by itself, or changes nothing.

Why it is right that the writes see the snapshot of the statement, which is older than the locks:
the rows that the guess was made of were committed before the statement began, and the function has
found under the lock that they are still the newest. So the snapshot shows the newest rows of these
accounts. The version of the controls is read in the function, with a snapshot of its own.
"""
# ruff: noqa: S608 - statements are put together from constants only

from svc_oms.adapters.postgres.logs.audit_log_store import appended
from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import venue_order_ids

NOT_AS_GUESSED = "OM001"
"""SQLSTATE of a guess that the database does not confirm."""

# No lock is taken before those of the accounts: this subquery runs first.
_GATE = "(SELECT xid FROM confirmed) IS NOT NULL"


def _confirmed(first: int) -> str:
    return f"""confirmed AS MATERIALIZED (SELECT oms.confirm(
    ${first}::text[], ${first + 1}::xid[], ${first + 2}::int8, ${first + 3}::text) AS xid)"""


def _commands(more: str, result: str) -> str:
    return f"""
WITH {_confirmed(16)}, {sql.common_writes(_GATE)}, {sql.ORDERS_WRITTEN}{more}
SELECT c.xid, n.session_id, n.base{result} FROM confirmed c LEFT JOIN numbered n ON true
"""


# Keys that are written are refused by their primary key if they are there; these are not written.
_KEYS_NEW = f"""oms.require(NOT EXISTS (
    SELECT FROM {sql.WANTED_KEY_ROWS.sql(33)} AS wanted
    JOIN oms.idempotency i ON i.account_id = wanted.c[1] AND i.key = wanted.c[2]), 'key')"""


def _venue(more: str) -> str:
    return f"""
WITH {_confirmed(17)}, {sql.accounts_written(1)}, {sql.events_written(4)}, {sql.orders_changed(6)},
{sql.progress_written(8, _GATE)}, {venue_order_ids.written(16)}{more}
SELECT c.xid, oms.require(p.session_id IS NOT NULL, 'position of the session'),
    oms.require(n.order_id IS NULL, 'OrderID(37) of another order')
FROM confirmed c LEFT JOIN progressed p ON true
    LEFT JOIN ({venue_order_ids.NAMED_BEFORE}) AS n ON true
"""


WRITE_COMMANDS = _commands("", "")
"""Returns the transaction, and for each session the number before its first new command; one row
without a session if there are no commands."""

WRITE_AUDITED_COMMANDS = _commands(f", {appended(20)}", f", {_KEYS_NEW}")
"""The same with entries of the audit log, and keys of commands that were not carried out."""

WRITE_REPORTS = _venue("")
"""Venue reports that bring no money and no commands. A statement costs the database also what it
could write and does not."""

WRITE_MONEY_REPORTS = _venue(f", {sql.money_written(21)}")
"""The same with executions and positions."""

WRITE_AUDITED_REPORTS = _venue(f", {sql.money_written(21)}, {appended(24)}")
"""The same with entries of the audit log, too: a strategy was stopped, or a limit came near."""
