"""SQL that follows from the columns a class of rows describes; see service/ports/rows/columns.py.

Statements are put together from constants only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any, NamedTuple

from svc_oms.service.ports.rows.columns import Column, Kind, columns_of

FROM_US = "'epoch'::timestamptz + {} * interval '1 microsecond'"


def packed_rows(kinds: str, first: int, rest: str) -> str:
    """Make rows of one text array, whose texts hold columns, and further arrays.

    Each text becomes an array `c`, so that a row of many columns is one parameter:
    the driver's cost is per array element.
    """
    arrays = ", ".join(f"${first + i}::{kind}[]" for i, kind in enumerate(kinds.split()))
    # OFFSET 0 keeps the planner from splitting the text anew for every column.
    return f"""(SELECT string_to_array(packed, E'\\x1f') AS c, {rest}
        FROM unnest({arrays}) AS p (packed, {rest}) OFFSET 0)"""


class _Sql(NamedTuple):
    """SQL for a kind of column."""

    unpacked: str
    """From {text}, the column's text in a packed row; {updated} is that of updated_at."""
    shown: str
    """From {name} to the text that str() gives for the field's value."""


_NUMBER = "trim_scale({name})::text"
_SQL = {
    Kind.TEXT: _Sql("{text}", "{name}"),
    Kind.SMALL: _Sql("{text}::int2", "{name}::text"),
    Kind.BIG: _Sql("{text}::int8", "{name}::text"),
    Kind.FLAG: _Sql("{text}::boolean", "CASE WHEN {name} THEN 'True' ELSE 'False' END"),
    Kind.NUMBER: _Sql("{text}::numeric", _NUMBER),
    Kind.OPTIONAL_NUMBER: _Sql("nullif({text}, '')::numeric", f"coalesce({_NUMBER}, '')"),
    Kind.TIME: _Sql(
        FROM_US.format("{text}::int8"), "(extract(epoch FROM {name}) * 1000000)::bigint::text"
    ),
    Kind.SINCE: _Sql(
        f"CASE WHEN {{text}}::boolean THEN {FROM_US.format('{updated}::int8')} END",
        "CASE WHEN {name} IS NULL THEN 'False' ELSE 'True' END",
    ),
    # Hexadecimal costs less than one more array.
    Kind.MESSAGE: _Sql("decode({text}, 'hex')", "{name}"),
    Kind.BODY: _Sql("{name}", "{name}"),
}


class Table:
    """The SQL of a table, from its class of rows.

    The last two columns must be of the kinds MESSAGE and BODY.

    Attributes:
        names: Its columns, for INSERT.
        shown: Every column but the last two as text, for verification.
    """

    def __init__(self, row: type) -> None:
        self._columns = columns_of(row)
        kinds = [column.kind for column in self._columns.values()]
        assert kinds[-2:] == [Kind.MESSAGE, Kind.BODY], "pack() relies on it"
        self._plain = "\x1f".join(["%s"] * (len(kinds) - 2))
        self.names = ", ".join(column.name for column in self._columns.values())
        self.shown = {
            field: _SQL[column.kind].shown.format(name=column.name)
            for field, column in list(self._columns.items())[:-2]
        }

    def pack(self, row: Sequence[Any]) -> tuple[str, bytes]:
        """Pack a row into one text and its body.

        No column may contain the separator: it is a control character, which the field rules
        refuse. If a venue's listing or ExecID(17) contains one, the database refuses the row.
        """
        return f"{self._plain % row[:-2]}\x1f{row[-2].hex()}", row[-1]

    def unpacked(self, first: int) -> str:
        """Turn packed rows and their bodies, from this parameter on, into rows of the table."""
        texts = {c.name: f"c[{i}]" for i, c in enumerate(self._columns.values(), start=1)}
        columns = ", ".join(
            f"{_unpacked(column, texts)} AS {column.name}" for column in self._columns.values()
        )
        return f"SELECT {columns} FROM {packed_rows('text bytea', first, 'body')} AS rows"

    def changes(self, old: str, new: str) -> str:
        """Set what moves, in an UPDATE of the row `old` from the row `new`."""
        return ", ".join(
            # What no longer holds has no time: an order that a bust opens again is not closed.
            f"{c.name} = CASE WHEN {new}.{c.name} IS NOT NULL "
            f"THEN coalesce({old}.{c.name}, {new}.{c.name}) END"
            if c.kind is Kind.SINCE
            else f"{c.name} = {new}.{c.name}"
            for c in self._columns.values()
            if c.moves
        )


def _unpacked(column: Column, texts: dict[str, str]) -> str:
    text, updated = texts[column.name], texts["updated_at"]
    return _SQL[column.kind].unpacked.format(text=text, name=column.name, updated=updated)


def where_of(*conditions: tuple[object, str, Any], after: int = 0) -> tuple[str, list[Any]]:
    """Join the conditions that apply, each with its parameter; they are numbered after others."""
    texts: list[str] = []
    parameters: list[Any] = []
    for applies, condition, value in conditions:
        if applies:
            parameters.append(value)
            texts.append(condition.format(f"${after + len(parameters)}"))
    return " AND ".join(texts) or "true", parameters
