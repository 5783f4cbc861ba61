"""The ClOrdID(11) that we give to the requests of an order."""

from kernel.ulid import valid_ulid


def order_id_of(cl_ord_id: str) -> str:
    """Return the order of a ClOrdID(11) of ours (its ULID, a hyphen, a number); else empty."""
    order_id, hyphen, number = cl_ord_id.rpartition("-")
    return order_id if hyphen and number.isdigit() and valid_ulid(order_id) else ""
