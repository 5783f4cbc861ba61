"""The refusal of a limit: which limit and version, its value, and the value that would follow."""

from decimal import Decimal
from typing import Final

from kernel.decimals import plain
from svc_oms.domain.controls.limits.limit_values import Applied
from svc_oms.domain.order_terms.checks import OrderRefused


def past(
    applied: Applied,
    reason: str,
    what: str,
    would_be: Decimal,
    maximum: Decimal,
    unit: str,
    field: str = "terms.quantity",
    **more: str,
) -> OrderRefused:
    """Refuse because a number would exceed the limit's."""
    unit = f" {unit}" if unit else ""
    return OrderRefused(
        reason,
        f"{what} would be {plain(would_be)}{unit}, above the {plain(maximum)}{unit} of "
        f"{applied.name}",
        field,
        {"value": plain(would_be), "maximum": plain(maximum), **named(applied), **more},
    )


def against(applied: Applied, reason: str, text: str, field: str, **more: str) -> OrderRefused:
    """Refuse because of what a limit says in words."""
    return OrderRefused(reason, f"{text}: {applied.name}", field, {**named(applied), **more})


WITHOUT_PRICE: Final = "REFERENCE_PRICE_MISSING"


def without_price(
    applied: Applied, instrument_id: str, what: str, way_out: str = "send a limit order, or wait"
) -> OrderRefused:
    """Refuse because there is no price to decide by."""
    return OrderRefused(
        WITHOUT_PRICE,
        f"{instrument_id} has no reference price now, and {what} must be compared with "
        f"{applied.name}: {way_out} for a price",
        "",
        {"instrument_id": instrument_id, **named(applied)},
    )


def named(applied: Applied) -> dict[str, str]:
    """Return the metadata that names a limit."""
    found = {
        "limit_id": applied.limit.limit_id,
        "limit_version": str(applied.limit.version),
    }
    if words := applied.limit.range.words():
        found["limit_range"] = words
    return {**found, "override_id": applied.override_id} if applied.override_id else found
