"""Which store can be trusted, and where numbers go on when none can."""

import pytest

from svc_gateway.domain.sessions.lost_store import (
    SENDER_MARGIN_MIN,
    SENDER_MARGIN_S,
    Known,
    is_lost,
    number_after_a_loss,
)


@pytest.mark.parametrize(
    ("store", "stored", "lost"),
    [
        (Known(0, 1), Known(0, 0), False),  # a session nobody ever ran
        (Known(7, 50), Known(0, 0), False),  # an order book that never heard of it
        (Known(7, 50), Known(7, 50), False),
        (Known(7, 51), Known(7, 50), False),  # sent and not reported any more
        (Known(7, 49), Known(7, 50), True),  # restored from a copy
        (Known(8, 60), Known(7, 50), True),  # another life
        (Known(0, 1), Known(7, 50), True),  # an empty disk
    ],
)
def test_a_store_below_the_stored_number_or_of_another_epoch_is_lost(store, stored, lost):
    assert is_lost(store, stored) is lost


def test_numbers_go_on_after_everything_the_venue_can_have_seen():
    assert number_after_a_loss(Known(0, 1), Known(7, 50), 10) == 50 + SENDER_MARGIN_MIN
    assert number_after_a_loss(Known(8, 60), Known(7, 50), 1000) == 60 + SENDER_MARGIN_S * 1000
