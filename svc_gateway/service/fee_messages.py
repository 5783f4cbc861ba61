"""What a venue charges, as the OMS gets it with the state of the session."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.venue_fees import FeeRateConfig, FeesConfig


def fee_messages(fees: FeesConfig | None) -> list[link.FeeSchedule]:
    """Return the schedules of a session; empty if the venues file has none."""
    if fees is None:
        return []
    schedule = link.FeeSchedule(
        currency=fees.currency,
        taker=_rate(fees.taker),
        maker=_rate(fees.maker),
        basis=f"FEE_BASIS_{fees.basis.upper()}",
        places=fees.places,
        rounding=f"FEE_ROUNDING_{fees.rounding.upper()}",
        version=fees.version,
    )
    return [schedule]


def _rate(rate: FeeRateConfig) -> link.FeeRate:
    return link.FeeRate(
        per_share=rate.per_share,
        basis_points=rate.basis_points,
        fixed=rate.fixed,
        minimum=rate.minimum,
        maximum=rate.maximum,
    )
