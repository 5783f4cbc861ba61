"""How much of each limit an account has used."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from kernel.decimals import plain
from kernel.side import Side
from svc_oms.domain.controls.exposure import OpenBook, exposure
from svc_oms.domain.controls.limits.limit_values import Applied, LimitKind, values_text
from svc_oms.domain.controls.parts import together
from svc_oms.domain.controls.state import StrategyKey
from svc_oms.domain.controls.trial import AccountView
from svc_oms.domain.numbers import ZERO, add

IsinOf = Callable[[str], str]
"""Returns the ISIN of a listing; empty if it is not known."""


class Use(NamedTuple):
    """One limit, what it counts, and how much of it is used."""

    applied: Applied
    subject: str = ""
    used: str = ""
    """Empty for limits of one order by itself."""
    maximum: str = ""
    unit: str = ""


def uses(view: AccountView, now_ns: int, isin_of: IsinOf) -> list[Use]:
    """Return the use of every limit in force, or of the settings' limit if there is none."""
    found: list[Use] = []
    kinds = set()
    for applied in view.limits.all(now_ns):
        kinds.add(applied.limit.kind)
        found += list(_uses(view, applied, now_ns, isin_of)) or list(_unused(applied))
    for kind, applied in view.defaults.items():
        if kind not in kinds:
            found += _uses(view, applied, now_ns, isin_of)
    return found


def _unused(applied: Applied) -> Iterator[Use]:
    """Return the uses of a limit of which nothing is used yet: a limit that applies is shown."""
    values, currency = applied.values, applied.limit.range.currency
    for subject, maximum, unit in (
        ("", values.quantity, "shares"),
        (currency, values.value, currency),
        ("long", values.long_quantity, "shares"),
        ("short", values.short_quantity, "shares"),
        ("", Decimal(values.executions) if values.executions else None, "executions"),
    ):
        if maximum is not None:
            yield _use(applied, subject, ZERO, maximum, unit)


def _uses(view: AccountView, applied: Applied, now_ns: int, isin_of: IsinOf) -> Iterator[Use]:
    book = view.book
    assert book is not None, "use needs open orders and positions"
    match applied.limit.kind:
        case LimitKind.OPEN_EXPOSURE:
            yield from _exposures(book, applied, isin_of)
        case LimitKind.POSITION:
            yield from _positions(book, applied, isin_of)
        case LimitKind.BUYING_POWER:
            currency = applied.limit.range.currency
            yield _use(applied, currency, book.spent(currency), applied.values.value, currency)
        case LimitKind.VOLUME:
            yield from _volumes(view, applied, now_ns)
        case LimitKind.MESSAGE_RATE:
            window = view.state.window(applied.limit.limit_id, now_ns, applied.values.window_ms)
            everything, cancels = window.sums()
            for subject, used, maximum in (
                ("", everything, applied.values.messages),
                ("cancels", cancels, applied.values.cancels),
            ):
                if maximum:
                    yield _use(applied, subject, used, Decimal(maximum), "messages")
        case LimitKind.REPEATED_EXECUTION:
            yield from _executions(view, applied, now_ns)
        case _:
            yield Use(applied, maximum=values_text(applied.values))


def _use(applied: Applied, subject: str, used: Decimal, maximum: Decimal | None, unit: str) -> Use:
    return Use(applied, subject, plain(used), "" if maximum is None else plain(maximum), unit)


def _exposures(book: OpenBook, applied: Applied, isin_of: IsinOf) -> Iterator[Use]:
    range_, maximum = applied.limit.range, applied.values.value
    for currency in sorted({range_.currency} if range_.currency else book.currencies()):
        if range_.instrument_id or range_.venue_mic:
            isin = isin_of(range_.instrument_id) if range_.instrument_id else ""
            cost, sums = book.range_sums(currency, range_.instrument_id, range_.venue_mic, isin)
            used = exposure(cost, together(sums))
        else:
            used = book.exposure(currency)
        yield _use(applied, currency, used, maximum, currency)


def _positions(book: OpenBook, applied: Applied, isin_of: IsinOf) -> Iterator[Use]:
    listing = applied.limit.range.instrument_id
    for isin in [isin_of(listing) or listing] if listing else sorted(book.isins()):
        held = book.held(isin)
        for name, signed, buy, maximum in (
            ("long", held, True, applied.values.long_quantity),
            ("short", held.copy_negate(), False, applied.values.short_quantity),
        ):
            if maximum is not None:
                used = max(add(signed, book.open_quantity(isin, buy=buy)), ZERO)
                yield _use(applied, f"{isin} {name}", used, maximum, "shares")


def _volumes(view: AccountView, applied: Applied, now_ns: int) -> Iterator[Use]:
    prefix = f"{applied.limit.limit_id}|"
    for name in sorted(view.state.windows):
        if not name.startswith(prefix):
            continue
        currency = name.removeprefix(prefix)
        window = view.state.window(name, now_ns, applied.values.window_ms)
        quantity, value = window.sums()
        for used, maximum, unit in (
            (quantity, applied.values.quantity, "shares"),
            (value, applied.values.value, currency),
        ):
            if maximum is not None:
                yield _use(applied, currency, used, maximum, unit)


def _executions(view: AccountView, applied: Applied, now_ns: int) -> Iterator[Use]:
    prefix, values = f"{applied.limit.limit_id}|", applied.values
    for name in sorted(view.state.executions):
        if name.startswith(prefix):
            window = view.state.counted_executions(name, now_ns, values.window_ms)
            key = StrategyKey.read(name.removeprefix(prefix))
            subject = f"{key.strategy} {Side(key.side).name} {key.instrument_id}"
            maximum = Decimal(values.executions)
            yield _use(applied, subject, window.sums()[0], maximum, "executions")
