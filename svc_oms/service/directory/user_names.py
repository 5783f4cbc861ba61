"""Who acts: the id that identifies a person, and the name at that time."""

import asyncio
from typing import NamedTuple

from mesh.auth.tokens import Principal
from mesh.log import get_logger
from mesh.rpc.call import Call
from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError
from svc_oms.service.ports.directory_ports import UserNameStore

log = get_logger("svc_oms.people")

# Callers remembered here; beyond it all are forgotten, and stored again with their next call.
PEOPLE_KNOWN_MAX = 100_000
# Of them, those not stored yet; beyond it others wait for their next call.
PEOPLE_WAITING_MAX = 10_000
# A kill switch cannot name a longer one.
SUBJECT_CHARACTERS_MAX = 128
# Roles whose orders can be entered: a kill switch on any other person has no effect.
ENTER_ORDERS = frozenset({"TRADER", "RISK"})


class Person(NamedTuple):
    """A person who acts. Id and name are stored with the act: names change later."""

    subject: str
    username: str = ""


def person_of(principal: Principal) -> Person:
    """Return the person of a call."""
    return Person(principal.subject, principal.username)


class UserNames:
    """Everybody who may enter orders and has called: the traders that a kill switch can name.

    They are stored after the call, and nobody waits for that: a name that is lost with the
    process comes again with the next call, and a person with an open order is known by it.
    """

    def __init__(self, store: UserNameStore) -> None:
        self._store = store
        self._known: dict[str, str] = {}
        self._new: dict[str, str] = {}
        self._some = asyncio.Event()

    def knows(self, subject: str) -> bool:
        """Return whether a person has called this replica; others may have called another one."""
        return subject in self._known

    def named(self, username: str) -> list[str]:
        """Return those with a user name who have called this replica."""
        return [subject for subject, name in self._known.items() if name == username]

    def seen(self, call: Call) -> None:
        """Note a caller. Costs a look into a dictionary."""
        user = call.principal
        if user is None or self._known.get(user.subject) == user.username:
            return
        if ENTER_ORDERS.isdisjoint(user.roles) or len(user.subject) > SUBJECT_CHARACTERS_MAX:
            return
        if len(self._new) >= PEOPLE_WAITING_MAX:
            return
        if len(self._known) >= PEOPLE_KNOWN_MAX:
            self._known.clear()
        self._known[user.subject] = self._new[user.subject] = user.username
        self._some.set()

    async def run(self) -> None:
        """Store new callers, forever."""
        while True:
            await self._some.wait()
            self._some.clear()
            new, self._new = self._new, {}
            try:
                await self._store.keep_people(sorted(new.items()))
            except (StoreUnavailableError, StoreRefusedError) as error:
                log.warning("callers not stored", callers=len(new), error=str(error))
                # They come again with their next call.
                for subject in new:
                    self._known.pop(subject, None)
