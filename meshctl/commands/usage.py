"""Wrong usage of the command line: in words for people, with --json as an object for programs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import typer
from typer.core import TyperGroup

from meshctl.commands.common import speak_json, usage_error

# The parent of BadParameter, which typer does not export.
UsageError: Final[Any] = typer.BadParameter.__base__
NEGATIVE: Final = re.compile(r"-\d")


class Commands(TyperGroup):
    """All commands. Whatever one of them cannot read of its options is reported in one form."""

    _as_json = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before a command."""
        self._as_json = "--json" in args
        with _reported(as_json=self._as_json):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Read the options of a command, and run it."""
        with _reported(as_json=self._as_json):
            return super().invoke(ctx)


@contextmanager
def _reported(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        if NEGATIVE.match(getattr(error, "option_name", None) or ""):
            error.message = f"{error.option_name}... is no option; a quantity must be positive"
        if not as_json:
            raise
        speak_json(value=True)
        usage_error(error.format_message())
