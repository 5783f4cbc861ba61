"""The FIX 4.4 order state change matrices over the whole order path, by their public numbers.

Each case is a script in conformance/cases/*.yaml (conformance/play.py has the words), and becomes
a test of its name here. Client, svc_oms on PostgreSQL, svc_gateway and QuickFIX are real; the venue
says what the script says. docs/CONFORMANCE.md lists what is covered, and what is not.
"""

from collections.abc import Callable

import pytest

from conformance.cases import Case, load_cases
from conformance.play import play
from tests.support.wire import Wire

CASES = load_cases()


def _test_of(case: Case) -> Callable[[Wire], object]:
    async def test(wire: Wire) -> None:
        await play(wire, case)

    test.__name__ = test.__qualname__ = f"test_{case.name}"
    test.__doc__ = case.shows
    return pytest.mark.asyncio(loop_scope="module")(test)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


globals().update({f"test_{case.name}": _test_of(case) for case in CASES})
