"""The refusal of a command, and the sentences that most refusals use."""

from typing import NoReturn


class OrderRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A command was not taken; nothing changed.

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
    """Make the refusal of a field: what it was and what it should be."""
    return OrderRefused(
        "INVALID_FIELD",
        f"{field} {value or 'is missing'}: it should be {expected}",
        field,
        {"field": field, "value": value, "expected": expected},
    )


def invalid(field: str, value: str, expected: str) -> NoReturn:
    """Refuse a field: what it was and what it should be."""
    raise wrong(field, value, expected)


def unsupported(field: str, value: str, offered: str) -> NoReturn:
    """Refuse a well-formed value that is not offered, naming what is offered."""
    raise OrderRefused(
        "UNSUPPORTED_ORDER_CHARACTERISTIC",
        f"{field} {value} is not offered: it should be one of {offered}",
        field,
        {"field": field, "value": value, "expected": offered},
    )
