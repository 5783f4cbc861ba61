"""Trading hours and auctions of the simulated venues: what `ordermesh up` takes and passes on."""

from pathlib import Path

import pytest
import typer
import yaml

from mesh.settings import SettingsError
from meshctl.stack.commands import _checked_hours
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.services import Addresses, StackOptions, venue_specs
from meshctl.stack.settings import stack_settings
from meshctl.stack.venues import write_venues_file
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


def test_the_calls_of_auctions_are_passed_on_and_their_indications_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERMESH_SIM_AUCTION_S", "60")
    options = StackOptions(sim_auction_s=stack_settings().sim_auction_s)
    home = Home(tmp_path)
    specs = venue_specs(Addresses(Path(), home, Ports(), {}, {}, "", options))
    assert [one.environment["ORDERMESH_SIM_AUCTION_S"] for one in specs.values()] == ["60"] * 2

    home.run.mkdir(parents=True)
    sessions = yaml.safe_load(write_venues_file(home, Ports()).read_text("utf-8"))["sessions"]
    asks = [one["dialect"]["auction_prices"] for one in sessions if one["role"] == "market_data"]
    assert asks == [True, True]


def test_a_call_that_is_too_long_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERMESH_SIM_AUCTION_S", "3601")
    with pytest.raises(SettingsError, match=r"ORDERMESH_SIM_AUCTION_S.*3600"):
        stack_settings()
