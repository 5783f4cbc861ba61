"""Which rows a page of orders reads."""

from svc_oms.adapters.postgres.bounded_scan import Scan, id_range
from svc_oms.adapters.postgres.columns import FROM_US, where_of
from svc_oms.service.ports import ListFilter

_SHOWN = "order_id, account_id, last_sequence, body, fold"
_NARROW = "order_id, state, instrument_id, created_at"


def order_scan(wanted: ListFilter) -> Scan:
    """Return what a page of orders reads.

    The orders of an account, and its open ones, have an index in the order of their ids. A time of
    creation is a range of ids, too.
    """
    low, high = id_range(wanted.created_from_us, wanted.created_until_us)
    high = min((each for each in (high, wanted.before_order_id) if each), default="")
    accounts = wanted.account_ids
    ids, parameters = where_of(
        (accounts is not None, "{}::text[] IS NOT NULL", accounts),
        (low, "order_id >= {}", low),
        (high, "order_id < {}", high),
    )
    filters, more = where_of(
        (wanted.states, "state = ANY({}::int2[])", wanted.states),
        (wanted.instrument_id, "instrument_id = {}", wanted.instrument_id),
        (wanted.created_from_us, f"created_at >= {FROM_US}", wanted.created_from_us),
        (wanted.created_until_us, f"created_at < {FROM_US}", wanted.created_until_us),
        after=len(parameters),
    )
    if wanted.open_only:
        ids += " AND is_open"
    scan = Scan("oms.orders", "order_id", _SHOWN, _NARROW, ids, filters, [*parameters, *more])
    if accounts is None and not wanted.open_only:
        return scan
    return scan._replace(
        part="account_id",
        part_order="DESC" if wanted.open_only else "ASC",
        values="(SELECT account_id FROM oms.accounts)"
        if accounts is None
        else "unnest($1::text[])",
        values_count=1 if accounts is None else len(accounts),
    )
