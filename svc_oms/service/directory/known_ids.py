"""The ids that a control or a query can name: accounts, desks, firms, traders, and so on.

A control on something that does not exist would have no effect, while the person who set it
believes that it has. So an unknown id is refused, with the known ones most similar to it.
"""

from typing import Final

from kernel.names.similar_ids import near
from mesh.errors import MeshError, refuse
from svc_oms.service.directory.user_names import UserNames
from svc_oms.service.errors import invalid_field
from svc_oms.service.ports.directory_ports import DirectoryStore, IdKind
from svc_oms.service.reference.market import Market

# Known ids that are compared with an unknown one; the store returns the similar ones first.
CANDIDATES_MAX: Final = 200
VALUE_CHARACTERS_SHOWN: Final = 128


_WORDS: Final = {
    IdKind.FIRM: "firm",
    IdKind.DESK: "desk",
    IdKind.FIRM_DESK: "desk; it should be FIRM/DESK",
    IdKind.ACCOUNT: "account",
    IdKind.TRADER: "trader: nobody with this user id or name has entered or may enter orders",
    IdKind.SESSION: "order session",
    IdKind.VENUE: "venue",
    IdKind.INSTRUMENT: "listing",
}


class KnownIds:
    """The known ids; see the head of this file."""

    def __init__(self, store: DirectoryStore, market: Market, user_names: UserNames) -> None:
        self.store = store
        self._market = market
        self._user_names = user_names

    async def knows(self, kind: IdKind, value: str) -> bool:
        """Return whether an id exists.

        Raises:
            StoreUnavailableError: It cannot be decided.
        """
        # A listing or user seen a moment ago may not be stored yet.
        if kind is IdKind.INSTRUMENT and self._market.find(value) is not None:
            return True
        if kind is IdKind.TRADER and self._user_names.knows(value):
            return True
        return await self.store.knows(kind, value)

    async def require(self, field: str, kind: IdKind, value: str, *, show_ids: bool = True) -> None:
        """Refuse an id that does not exist.

        Args:
            field: Path of the field that names it.
            kind: What it names.
            value: The id.
            show_ids: The caller may see the other ids.

        Raises:
            MeshError: OBJECT_NOT_FOUND, with the most similar known ids.
            StoreUnavailableError: It cannot be decided.
        """
        if not await self.knows(kind, value):
            raise await self.unknown(field, kind, value, show_ids=show_ids)

    async def trader(self, field: str, name: str, *, show_ids: bool = True) -> str:
        """Return the user id of a trader, given by it or by user name.

        Raises:
            MeshError: OBJECT_NOT_FOUND; INVALID_FIELD: Several persons have the name.
            StoreUnavailableError: It cannot be decided.
        """
        if await self.knows(IdKind.TRADER, name):
            return name
        found = sorted({*self._user_names.named(name), *await self.store.traders_named(name)})
        if not found:
            raise await self.unknown(field, IdKind.TRADER, name, show_ids=show_ids)
        if len(found) > 1:
            named = ", ".join(found) if show_ids else "several persons"
            raise invalid_field(field, name, f"a user id, because {named} have this user name")
        return found[0]

    async def unknown(
        self, field: str, kind: IdKind, value: str, *, show_ids: bool = True
    ) -> MeshError:
        """Make the refusal of an id that does not exist."""
        ids: list[str] = []
        alike = False
        if show_ids:
            ids, alike = near(value, await self.store.likely(kind, value, CANDIDATES_MAX))
        text = f"{field} is {value[:VALUE_CHARACTERS_SHOWN]!r}: there is no such {_WORDS[kind]}"
        if ids:
            text += f"; {'near it' if alike else 'there are'}: {', '.join(ids)}"
        return refuse(
            "OBJECT_NOT_FOUND",
            text,
            field,
            value=value[:VALUE_CHARACTERS_SHOWN],
            expected=", ".join(ids) or "an existing one",
        )
