"""Trading hours of the simulated venues: what `ordermesh up --hours` takes and passes on."""

from pathlib import Path

import pytest
import typer

from meshctl.stack.commands import _checked_hours
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.services import Addresses, StackOptions, venue_specs
from sim_exchange.settings import SimSettings

KEYS = ("ORDERMESH_SIM_SESSION_START", "ORDERMESH_SIM_SESSION_END")


def environments(hours: str) -> list[tuple[str, ...]]:
    options = StackOptions(hours=_checked_hours(hours))
    home = Home(Path("/nowhere"))
    specs = venue_specs(Addresses(Path(), home, Ports(), {}, {}, "", options))
    return [tuple(spec.environment[key] for key in KEYS) for spec in specs.values()]


def test_both_venues_keep_the_hours_and_none_means_around_the_clock() -> None:
    assert environments("07:00-15:30") == [("07:00", "15:30")] * 2
    assert environments("") == [("", "")] * 2
    start, end = environments("22:00-01:00")[0]
    settings = SimSettings(sim_session_start=start, sim_session_end=end)
    assert (settings.sim_session_start, settings.sim_session_end) == ("22:00", "01:00")


@pytest.mark.parametrize("hours", ["7:00-15:30", "07:00", "07:00-", "07:00-24:00", "09:00-09:00"])
def test_what_is_no_hours_is_refused_with_what_it_was(hours) -> None:
    with pytest.raises(typer.BadParameter, match=hours):
        _checked_hours(hours)
