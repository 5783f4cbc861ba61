"""The files of kernel/calendars say what the library exchange-calendars says."""

import datetime as dt
import json

import pytest

from kernel.calendars.library import NAMES, library_calendar
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import Phase
from tools import calendars

MICS = ["XAMS", "XTKS", "XNZE", "CMES", "XTAE", "ASEX"]
"""Half days, breaks, evenings before, weekdays that changed, and holidays of other churches."""


def continuous(session):
    """Return beginning and end of the parts of a session, in seconds."""
    return [
        (one.begins_ns // NS_PER_S, one.ends_ns // NS_PER_S)
        for one in session.phases
        if one.phase is Phase.CONTINUOUS
    ]


@pytest.mark.parametrize("mic", MICS)
def test_the_sessions_are_those_of_the_library(mic):
    ours = library_calendar(mic)
    theirs = calendars.library_sessions(mic)
    date, found = calendars.FIRST_DATE, {}
    while date <= ours.known_until:
        if (session := ours.session(date)) is not None:
            found[date] = continuous(session)
        date += dt.timedelta(days=1)
    assert found == {day: parts for day, parts in theirs.items() if day >= calendars.FIRST_DATE}


@pytest.mark.parametrize("mic", MICS[:2])
def test_the_files_are_fresh(mic):
    content = json.loads((calendars.FOLDER / f"{mic}.json").read_text())
    assert content == calendars.calendar_of(mic), "run python -m tools.calendars"


def test_every_mic_of_the_library_has_a_file():
    assert set(calendars.mics()) == NAMES
