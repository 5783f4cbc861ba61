"""The timer's steps with a clock of the test's own: trading hours, flow, faults."""

import pytest

from mesh.settings import SettingsError, load_settings, with_flags
from sim_exchange.adapters.fix.order_sessions import read_terms
from sim_exchange.running import Timer, make_parts
from sim_exchange.service.calendar import Phase
from sim_exchange.settings import SimSettings

HOUR_NS = 3600 * 10**9
DAY_NS = 20_000 * 24 * HOUR_NS
TERMS = {"55": "SAP", "54": "1", "38": "100", "40": "2", "44": "100"}


@pytest.fixture
def parts(tmp_path):
    settings = SimSettings(
        sim_store_dir=tmp_path, sim_session_start="08:00", sim_session_end="16:30", sim_agents=False
    )
    made = make_parts(settings)
    yield made
    made.journal.close()


def stored(parts) -> str:
    """What went out to the client, who is not there."""
    folder = parts.settings.sim_store_dir / "SIMA" / "fix"
    return (folder / "FIX.4.4-SIMA-ORDERMESH.body").read_text()


def test_day_orders_expire_at_the_end_and_trading_opens_again(parts) -> None:
    timer = Timer(parts)
    timer.step(DAY_NS + 9 * HOUR_NS)
    parts.venue.place("ORDERMESH", "1", read_terms(TERMS), DAY_NS, fields=TERMS)
    parts.venue.place("ORDERMESH", "2", read_terms({**TERMS, "59": "1"}), DAY_NS, fields=TERMS)
    timer.step(DAY_NS + 16 * HOUR_NS)
    assert parts.venue.phase is Phase.OPEN
    timer.step(DAY_NS + 17 * HOUR_NS)
    assert parts.venue.phase is Phase.CLOSED
    assert [order.cl_ord_id for order in parts.venue.open_orders()] == ["2"]
    assert stored(parts).count("\x01150=C\x01") == 1
    timer.step(DAY_NS + 33 * HOUR_NS)
    assert parts.venue.phase is Phase.OPEN


def test_a_failed_step_is_counted_and_the_next_one_runs(parts) -> None:
    timer = Timer(parts)
    steps = []

    def step(now_ns: int) -> None:
        steps.append(now_ns)
        if len(steps) == 1:
            raise ZeroDivisionError("made up")
        timer._stop.set()

    timer.step = step
    timer._run()
    assert (timer.errors, len(steps)) == (1, 2)


def test_flags_go_over_the_environment_and_are_checked() -> None:
    settings = load_settings(SimSettings, {"ORDERMESH_SIM_MIC": "SIMB", "ORDERMESH_SIM_SEED": "7"})
    flags = {"sim_mic": "SIMA", "sim_seed": None, "sim_port": 1234}
    merged = with_flags(settings, flags)
    assert (merged.sim_mic, merged.sim_seed, merged.sim_port) == ("SIMA", 7, 1234)
    with pytest.raises(ValueError, match="sim_port"):
        with_flags(settings, {"sim_port": 70_000})
    with pytest.raises(SettingsError, match="ORDERMESH_SIM_SPEED"):
        load_settings(SimSettings, {"ORDERMESH_SIM_SPEED": "1"})
