"""Kinds, ranges and values of limits: read from options and printed."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from meshctl.commands.common import checked_desk, enum_word, number, usage_error
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError

RETRY_FOR_S: Final = 10.0


class KindWord(StrEnum):
    """LimitKind in words."""

    MAX_ORDER_QUANTITY = "max-order-quantity"
    MAX_ORDER_VALUE = "max-order-value"
    PRICE_COLLAR = "price-collar"
    VOLUME = "volume"
    OPEN_EXPOSURE = "open-exposure"
    POSITION = "position"
    MESSAGE_RATE = "message-rate"
    REPEATED_EXECUTION = "repeated-execution"
    INSTRUMENT_PERMISSION = "instrument-permission"
    SHORT_SALE = "short-sale"
    BUYING_POWER = "buying-power"
    SELF_MATCH = "self-match"
    DUPLICATE_ORDER = "duplicate-order"


class SelfMatchWord(StrEnum):
    """SelfMatchPolicy in words."""

    REJECT_NEW = "reject-new"
    CANCEL_RESTING = "cancel-resting"
    CANCEL_BOTH = "cancel-both"

    def value_of(self) -> limit_pb2.SelfMatchPolicy:
        """Return the value of the contract."""
        return {
            SelfMatchWord.REJECT_NEW: limit_pb2.SELF_MATCH_POLICY_REJECT_NEW,
            SelfMatchWord.CANCEL_RESTING: limit_pb2.SELF_MATCH_POLICY_CANCEL_RESTING,
            SelfMatchWord.CANCEL_BOTH: limit_pb2.SELF_MATCH_POLICY_CANCEL_BOTH,
        }[self]


# The values of limits and overrides: options named after the fields of LimitValues, unset if not
# given.
VALUE_OPTIONS: Final[dict[str, Any]] = {
    "quantity": Annotated[str, typer.Option("--quantity", help="Shares.")],
    "value": Annotated[str, typer.Option("--value", help="In the currency of the order.")],
    "percent": Annotated[str, typer.Option("--percent", help="Of the reference price.")],
    "window_percent": Annotated[str, typer.Option("--window-percent", help="Over the window.")],
    "long_quantity": Annotated[str, typer.Option("--long", help="Shares that may be held.")],
    "short_quantity": Annotated[str, typer.Option("--short", help="Shares that may be owed.")],
    "messages": Annotated[int, typer.Option("--messages", min=0, help="Within the window.")],
    "cancels": Annotated[int, typer.Option("--cancels", min=0, help="Within the window.")],
    "executions": Annotated[int, typer.Option("--executions", min=0, help="Within the window.")],
    "window_ms": Annotated[int, typer.Option("--window-ms", min=0, help="Milliseconds.")],
}


def takes_values(work: Callable[..., None]) -> Callable[..., None]:
    """Add VALUE_OPTIONS to a command; it gets them as one argument, `values`."""
    signature = inspect.signature(work)
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.name != "values":
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        parameters += [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=getattr(limit_pb2.LimitValues(), name),
                annotation=option,
            )
            for name, option in VALUE_OPTIONS.items()
        ]

    def command(**options: Any) -> None:
        given: dict[str, Any] = {name: options.pop(name) for name in VALUE_OPTIONS}
        for name, typed in given.items():
            given[name] = number(typed) if isinstance(typed, str) else typed
        values = limit_pb2.LimitValues(**given)
        work(values=values, **options)

    command.__doc__ = work.__doc__
    command.__name__ = work.__name__
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


ForAccountOption = Annotated[str, typer.Option("--account", help="For this account.")]
ForDeskOption = Annotated[
    str, typer.Option("--desk", help="For each account of a trading desk: FIRM/DESK.")
]
ForFirmOption = Annotated[str, typer.Option("--firm", help="For each account of a firm.")]
InstrumentOption = Annotated[str, typer.Option("--instrument", help="Only in this listing.")]
VenueOption = Annotated[str, typer.Option("--venue", help="Only at this venue.")]
CurrencyOption = Annotated[str, typer.Option("--currency", help="Only in this currency.")]
AllowOption = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Only these: ASML.SIMA, an ISIN, *.SIMA; repeatable."),
]
DenyOption = Annotated[list[str] | None, typer.Option("--deny", help="All but these; repeatable.")]
ShortSaleOption = Annotated[
    bool, typer.Option("--short-sale/--no-short-sale", help="Selling short is allowed.")
]
SelfMatchOption = Annotated[
    SelfMatchWord | None,
    typer.Option("--self-match", help="What to do with orders that would trade with each other."),
]


def chosen_range(
    account: str, desk: str, firm: str, instrument: str, venue: str, currency: str
) -> limit_pb2.LimitRange:
    """Return the range; exit with the usage code unless account, desk or firm is given."""
    options = {
        limit_pb2.LIMIT_SCOPE_ACCOUNT: account,
        limit_pb2.LIMIT_SCOPE_DESK: checked_desk(desk),
        limit_pb2.LIMIT_SCOPE_FIRM: firm,
    }
    given = [(scope, name) for scope, name in options.items() if name]
    if len(given) != 1:
        usage_error("give exactly one of --account, --desk, --firm")
    scope, name = given[0]
    return limit_pb2.LimitRange(
        scope=scope, scope_id=name, instrument_id=instrument, venue_mic=venue, currency=currency
    )


def range_words(where: limit_pb2.LimitRange) -> str:
    """Put a range into words: "account ACC-ALICE, ASML.SIMA"."""
    scope = enum_word(limit_pb2.LimitScope, where.scope).lower()
    narrowed = [text for text in (where.instrument_id, where.venue_mic, where.currency) if text]
    return ", ".join([f"{scope} {where.scope_id}", *narrowed])


def values_words(values: limit_pb2.LimitValues) -> str:
    """Put values into words: "quantity 1000, window_ms 60000"."""
    words = []
    for field, value in values.ListFields():
        if field.name == "permission":
            words.append(enum_word(limit_pb2.PermissionMode, value).lower().replace("_", " "))
        elif field.name == "self_match":
            words.append(enum_word(limit_pb2.SelfMatchPolicy, value).lower().replace("_", " "))
        elif field.name == "instruments":
            words.append(" ".join(value))
        elif field.name == "short_sale_allowed":
            words.append("short sale allowed")
        else:
            words.append(f"{field.name} {value}")
    return ", ".join(words) or "short sale not allowed"


async def every_limit(
    mesh: MeshClient, request: limit_service_pb2.ListLimitsRequest
) -> list[limit_pb2.Limit]:
    """Read every page of a list of limits."""
    return list((await every_limit_and_more(mesh, request)).limits)


async def every_limit_and_more(
    mesh: MeshClient, request: limit_service_pb2.ListLimitsRequest
) -> limit_service_pb2.ListLimitsResponse:
    """Read every page of a list of limits as one, with what was in force beside them."""
    whole = limit_service_pb2.ListLimitsResponse()
    while True:
        answer = await mesh.call(mesh.limits.ListLimits, request)
        whole.MergeFrom(answer)
        if not answer.next_page_token:
            return whole
        request.page_token = answer.next_page_token


async def set_over(
    mesh: MeshClient, request: limit_service_pb2.SetLimitRequest
) -> limit_service_pb2.SetLimitResponse:
    """Set a limit; if no version is known, continue from the last version of one that ended."""
    answer: limit_service_pb2.SetLimitResponse
    try:
        answer = await mesh.call(mesh.limits.SetLimit, request, RETRY_FOR_S)
    except MeshRefusedError as error:
        if request.expected_version or error.reason != "STALE_VERSION":
            raise
        request.expected_version = int(error.metadata["version"])
        request.idempotency_key = ""
        answer = await mesh.call(mesh.limits.SetLimit, request, RETRY_FOR_S)
    return answer
