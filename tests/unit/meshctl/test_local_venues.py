"""The sessions file the local stack writes is one the gateway takes."""

import pytest

from meshctl.stack.home import Home, Ports
from meshctl.stack.venues import write_venues_file
from svc_gateway.venues import Role, load_venues


@pytest.mark.parametrize("drop_copy", [True, False])
def test_each_simulated_venue_has_orders_prices_and_if_wanted_copies(tmp_path, drop_copy) -> None:
    home = Home(tmp_path)
    home.create()
    sessions = load_venues(write_venues_file(home, Ports(), drop_copy=drop_copy)).sessions
    roles = [Role.ORDERS, Role.MARKET_DATA] + [Role.DROP_COPY] * drop_copy
    for mic in ("SIMA", "SIMB"):
        own = [one for one in sessions if one.venue_mic == mic]
        assert [one.role for one in own] == roles
        assert all(one.dialect.simulated for one in own)
        assert len({one.port for one in own}) == 1
    assert all(one.dialect.mass_status for one in sessions if one.role is Role.ORDERS)
    copies = [one for one in sessions if one.role is Role.DROP_COPY]
    assert [one.session_id for one in copies] == ["sima-copies", "simb-copies"] * drop_copy
    assert not any(one.reset_on_logon for one in copies)


def test_the_fees_of_the_simulated_venues_differ(tmp_path) -> None:
    home = Home(tmp_path)
    home.create()
    sessions = load_venues(write_venues_file(home, Ports())).sessions
    charged = [one.fees for one in sessions if one.role is Role.ORDERS]
    assert None not in charged
    assert charged[0].taker != charged[1].taker
    assert charged[0].maker != charged[1].maker
