"""Structured logs: one line per event, with the call it belongs to, without secrets."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final, Literal, Protocol, cast

import structlog

# Keys whose values are never written to a log.
SECRET_KEYS: Final = frozenset(
    {
        "password",
        "token",
        "access_token",
        "refresh_token",
        "authorization",
        "private_key",
        "secret",
        "database_url",
        "redis_url",
    }
)
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _StandardError:
    """Writes to the current standard error.

    If its reader is gone, the line is lost and the process continues. An exception raised here
    could escape from a callback of QuickFIX, which ends or hangs the process.
    """

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):  # a broken pipe, a closed file
            sys.stderr.write(message + "\n")

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


class LogContext(Protocol):
    """The call during which a line is written."""

    def log_fields(self) -> dict[str, str]:
        """Return the fields to add."""


# Set once per call; read only when a line is written.
current_call: ContextVar[LogContext | None] = ContextVar("current_call", default=None)


def configure(service: str, level: str = "info", fmt: Literal["json", "console"] = "json") -> None:
    """Write log lines of this process to standard error.

    Args:
        service: Name of the service, added to every line.
        level: "debug", "info", "warning" or "error": the least severe level that is written.
        fmt: "json" for machines, "console" for people.
    """

    def add_service(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    renderer: Any = structlog.processors.JSONRenderer()
    # Without local variables, because they contain tokens and passwords.
    traceback = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    failure: list[Any] = [structlog.processors.ExceptionRenderer(traceback)]
    if fmt == "console":
        renderer, failure = structlog.dev.ConsoleRenderer(), []
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_service,
            _add_call,
            _hide_secrets,
            *failure,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _StandardError(),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; only warnings and errors are written.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of a module."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(source=name))


def _add_call(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    call = current_call.get()
    if call is not None:
        for key, value in call.log_fields().items():
            event.setdefault(key, value)
    return event


def _hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event.keys() & SECRET_KEYS:
        event[key] = "(hidden)"
    return event
