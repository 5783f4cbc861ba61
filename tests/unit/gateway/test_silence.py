"""When a venue whose session is up is silent."""

import pytest

from svc_gateway.domain.market.silence import HEARTBEAT_LATE_MAX_S, Silence

FROZEN, NO_PRICES = "heartbeat_s", "price_silence_max_s"


def why(
    now_s: float, *, heard_s: float = 0, priced_s: float = 0, limit_s: float = 60,
    trades: bool = True,
) -> str:  # fmt: skip
    """Why a venue with a heartbeat of 10 s is silent."""
    silence = Silence(10, limit_s)
    silence.begin(0)
    silence.heard(priced_s, prices=True)
    silence.heard(max(heard_s, priced_s), prices=False)
    return silence.why(now_s, trades=trades)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (why(10 + HEARTBEAT_LATE_MAX_S), ""),
        (why(10 + HEARTBEAT_LATE_MAX_S + 0.1), FROZEN),
        (why(60, heard_s=60), ""),
        (why(60.1, heard_s=60), NO_PRICES),
        (why(100, heard_s=100, priced_s=50), ""),
        # A closed venue sends no prices, but heartbeats.
        (why(1000, heard_s=1000, trades=False), ""),
        (why(1000, heard_s=900, trades=False), FROZEN),
        (why(1000, heard_s=1000, limit_s=0), ""),
        (why(1000, heard_s=900, limit_s=0), FROZEN),
        (why(3, heard_s=3, limit_s=2), NO_PRICES),
    ],
)
def test_the_bounds(found: str, expected: str) -> None:
    assert (expected in found) if expected else (found == "")


def test_prices_are_due_from_the_opening_on() -> None:
    silence = Silence(10, 60)
    silence.begin(0)
    silence.heard(500, prices=False)
    assert silence.why(500, trades=False) == ""
    silence.heard(560, prices=False)
    assert silence.why(560, trades=True) == ""
    assert NO_PRICES in silence.why(560.1, trades=True)
