"""Finds orders whose venue has not answered in time; see `domain/recovery/unanswered.py`.

Every replica looks, so that no end of a replica stops it. The command worker checks again with
the account locked, so an order becomes UNKNOWN once.
"""

import asyncio
from collections.abc import Callable

from mesh.log import get_logger
from svc_oms.domain.commands import DoubtOrder
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.submissions import EVERY_ACCOUNT, CommandKind, Outcome, Submission

log = get_logger("svc_oms.unanswered")

# Seconds between two looks at the database.
LOOK_INTERVAL_S = 5.0
# Orders that one look takes; the next one takes the others.
ORDERS_PER_LOOK_MAX = 500


class Unanswered:
    """Looks for such orders.

    Args:
        age_s: How long a venue may take to answer, or its session may be down.
    """

    def __init__(
        self, store: OrderStore, submit: Callable[[Submission], None], age_s: float
    ) -> None:
        self._store = store
        self._submit = submit
        self._age_s = age_s

    async def run(self) -> None:
        """Look, forever."""
        while True:
            try:
                await self.look()
            except StoreUnavailableError as error:
                log.warning("unanswered orders cannot be read", error=str(error))
            await asyncio.sleep(min(LOOK_INTERVAL_S, self._age_s))

    async def look(self) -> None:
        """Put every order that has waited too long in doubt.

        Raises:
            StoreUnavailableError: Nothing was read.
        """
        for order_id, account_id in await self._store.unanswered(self._age_s, ORDERS_PER_LOOK_MAX):
            command = DoubtOrder(account_id, order_id, self._age_s)
            self._submit(Submission(CommandKind.DOUBT, command, EVERY_ACCOUNT, b"", _ignore))


def _ignore(outcome: Outcome) -> None:
    """Leave it: what was not done is found by the next look."""
    del outcome
