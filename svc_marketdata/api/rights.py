"""The rights to prices of who calls, and what is refused without them."""

from functools import lru_cache

from mesh.errors import MeshError, refuse
from mesh.rpc.server import Call
from svc_marketdata.domain.price_rights import ALL_PRICES, PriceRight, PriceRights, read_rights

RIGHTS_KEPT_MAX = 1_024
"""Different rights whose reading is remembered."""
_WORDS = {
    PriceRight.REAL_TIME: "real-time prices",
    PriceRight.DELAYED: "delayed quotes and trades only",
    PriceRight.NONE: "no prices",
}


def rights_of(call: Call) -> PriceRights:
    """Return what a caller may read: the token says it; services of the mesh may read all."""
    return ALL_PRICES if call.principal is None else _read(call.principal.price_rights)


@lru_cache(maxsize=RIGHTS_KEPT_MAX)
def _read(claims: frozenset[str]) -> PriceRights:
    return read_rights(claims)


def not_entitled(rights: PriceRights, mic: str, what: str, field: str) -> MeshError:
    """Refuse prices that the user has no right to."""
    right = rights.of(mic)
    return refuse(
        "PERMISSION_DENIED",
        f"{field}: you may read {_WORDS[right]} of venue {mic}, not {what}",
        field,
        venue_mic=mic,
        price_right=right.name,
    )
