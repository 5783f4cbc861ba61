"""The refusal of a command, and the sentences most refusals are made of."""

from typing import NoReturn


class OrderRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A command that is not taken; nothing changed.

    Attributes:
        reason: Name of an ErrorReason without prefix.
        text: A sentence: the field, what it was, what it should be.
        field: Proto path of the field at fault, as in "terms.limit_price"; may be empty.
        metadata: Every value the text names.
    """

    def __init__(
        self, reason: str, text: str, field: str = "", metadata: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text
        self.field = field
        self.metadata = metadata or {}


def wrong(field: str, value: str, expected: str) -> OrderRefused:
    """Make the refusal of a field that was this and should be that."""
    return OrderRefused(
        "INVALID_FIELD",
        f"{field} {value or 'is missing'}: it should be {expected}",
        field,
        {"field": field, "value": value, "expected": expected},
    )


def invalid(field: str, value: str, expected: str) -> NoReturn:
    """Refuse a field that was this and should be that."""
    raise wrong(field, value, expected)


def unsupported(field: str, value: str, offered: str) -> NoReturn:
    """Refuse what is well-formed but not to be had here, naming what is."""
    raise OrderRefused(
        "UNSUPPORTED_ORDER_CHARACTERISTIC",
        f"{field} {value} is not offered: it should be one of {offered}",
        field,
        {"field": field, "value": value, "expected": offered},
    )
