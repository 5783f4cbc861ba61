"""SQL that follows from the columns a class of rows describes; see service/ports/rows/columns.py.

Statements are put together from constants only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

from svc_oms.service.ports import StoreRefusedError
from svc_oms.service.ports.rows.columns import Column, Kind, columns_of

FROM_US = "'epoch'::timestamptz + {} * interval '1 microsecond'"


ROW_END, COLUMN_END = "\x1e", "\x1f"
"""Between packed rows, and between the columns of one: the field rules refuse both in texts."""


class PackedRows(NamedTuple):
    """Rows as a text that holds their columns, and if they have bodies, the bytes of these.

    The driver's cost is per array element, so that an array for each column costs more than all
    else that it does.
    """

    texts: int
    """Columns of a row that are texts: c[1] and so on."""
    bodies: tuple[str, ...] = ()
    """Names of the columns that are bytes."""

    def sql(self, first: int) -> str:
        """Return the rows, from this parameter on: an array c, and the bodies."""
        bytes_ = f"${first + 1}::bytea"
        bodies = [
            f"substring({bytes_} FROM nullif(c[{at}], '')::int4 FOR c[{at + 1}]::int4) AS {name}"
            for at, name in zip(count(self.texts + 1, 2), self.bodies)
        ]
        # OFFSET 0 keeps the planner from splitting a text anew for every column.
        return f"""(SELECT {", ".join(["c", *bodies])}
        FROM (SELECT string_to_array(packed, E'\\x1f') AS c
            FROM string_to_table(${first}::text, E'\\x1e') AS p (packed) OFFSET 0) AS texts)"""

    def pack(self, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return the parameters of rows: each is its texts, joined, and its bodies; None is NULL.

        Raises:
            StoreRefusedError: A text contains what separates texts.
        """
        texts: list[str] = []
        bodies: list[bytes] = []
        at = 1
        for text, *row in rows:
            for body in row:
                if body is None:
                    text += "\x1f\x1f0"  # noqa: PLW2901  the row, column by column
                    continue
                size = len(body)
                text += f"\x1f{at}\x1f{size}"  # noqa: PLW2901
                at += size
                bodies.append(body)
            texts.append(text)
        if not texts:
            return ["", b""] if self.bodies else [""]
        packed = ROW_END.join(texts)
        columns = self.texts + 2 * len(self.bodies)
        if packed.count(ROW_END) != len(texts) - 1 or packed.count(COLUMN_END) != len(texts) * (
            columns - 1
        ):
            raise StoreRefusedError("a text contains a control character that separates columns")
        return [packed, b"".join(bodies)] if self.bodies else [packed]


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
        self._rows = PackedRows(len(kinds) - 1, ("body",))
        self.names = ", ".join(column.name for column in self._columns.values())
        self.shown = {
            field: _SQL[column.kind].shown.format(name=column.name)
            for field, column in list(self._columns.items())[:-2]
        }

    def pack(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the parameters of rows; see `PackedRows.pack`."""
        plain = self._plain
        return self._rows.pack((f"{plain % row[:-2]}\x1f{row[-2].hex()}", row[-1]) for row in rows)

    def unpacked(self, first: int) -> str:
        """Turn packed rows, from this parameter on, into rows of the table."""
        texts = {c.name: f"c[{i}]" for i, c in enumerate(self._columns.values(), start=1)}
        columns = ", ".join(
            f"{_unpacked(column, texts)} AS {column.name}" for column in self._columns.values()
        )
        return f"SELECT {columns} FROM {self._rows.sql(first)} AS rows"

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
