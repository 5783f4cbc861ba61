"""A batch is applied anew until the store knows no other order with one of its OrderID(37)s."""

import pytest

from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.venue.reports.attempts import (
    ATTEMPTS_MAX,
    NumbersNamedError,
    check_numbers,
    until_numbers_known,
)


async def test_each_attempt_knows_what_the_ones_before_were_told():
    known_to = []

    async def attempt(named):
        known_to.append(named)
        check_numbers({"V1": "A", "V2": "B"} if len(known_to) > 1 else {"V1": "A"}, named)
        return "written"

    assert await until_numbers_known(attempt) == "written"
    assert known_to == [{}, {"V1": "A"}, {"V1": "A", "V2": "B"}]


async def test_a_batch_is_not_applied_for_ever():
    attempts = []

    async def attempt(named):
        attempts.append(named)
        raise NumbersNamedError({"V1": f"A{len(attempts)}"})

    with pytest.raises(StoreUnavailableError, match=r"OrderID\(37\)s 'V1' 8 times"):
        await until_numbers_known(attempt)
    assert len(attempts) == ATTEMPTS_MAX
