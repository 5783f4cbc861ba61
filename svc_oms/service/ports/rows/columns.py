"""How a class of rows describes the columns of its table.

A row is a NamedTuple. Each field is a column: its annotation names the kind of the column and
says whether an UPDATE writes it. The statements, the packing and the verification follow from it.
"""

from enum import Enum, auto
from typing import Any, NamedTuple, get_type_hints


class Kind(Enum):
    """What a column holds. The adapter of the database knows the type for each kind."""

    TEXT = auto()
    SMALL = auto()
    """An integer of two bytes, such as the number of an enum's value."""
    BIG = auto()
    """An integer of eight bytes, such as a sequence."""
    FLAG = auto()
    NUMBER = auto()
    """A decimal, as text here."""
    OPTIONAL_NUMBER = auto()
    """A decimal, as text here; null in the table where the text is empty."""
    TIME = auto()
    """A time, in microseconds since 1970 here."""
    SINCE = auto()
    """A flag here; in the table the updated_at of the write that set it, null while it is not."""
    MESSAGE = auto()
    """A small serialised protobuf message."""
    BODY = auto()
    """The large serialised message of the row. It is the last column."""


class Column(NamedTuple):
    """A column of a table."""

    kind: Kind
    moves: bool = False
    """It can change after the row was inserted, so an UPDATE writes it."""
    name: str = ""
    """Its name in the table, if that is not the field's."""

    @property
    def moving(self) -> "Column":
        """The same, for a column that an UPDATE writes."""
        return self._replace(moves=True)

    def named(self, name: str) -> "Column":
        """Return the same with another name in the table."""
        return self._replace(name=name)


TEXT, SMALL, BIG, FLAG, NUMBER, OPTIONAL_NUMBER, TIME, SINCE, MESSAGE, BODY = map(Column, Kind)


def columns_of(row: type) -> dict[str, Column]:
    """Return the columns that a class of rows describes, by field."""
    hints: dict[str, Any] = get_type_hints(row, include_extras=True)
    return {
        name: column._replace(name=column.name or name)
        for name, hint in hints.items()
        for column in hint.__metadata__
    }
