"""What there is to name: accounts, desks, firms, traders, sessions, venues, listings.

A control of something that is not there holds nothing, and whoever set it believes it does. So a
name that is not known is refused, with the known ones nearest to it.
"""

from typing import Final

from mesh.errors import MeshError, refuse
from svc_oms.domain.similar_ids import near
from svc_oms.service.directory.user_names import UserNames
from svc_oms.service.ports.directory_ports import DirectoryStore, IdKind
from svc_oms.service.reference.market import Market

# Known ids looked at for those near an unknown one; the store gives the likely ones first.
CANDIDATES_MAX: Final = 200
VALUE_CHARACTERS_SHOWN: Final = 128


_WORDS: Final = {
    IdKind.FIRM: "firm",
    IdKind.DESK: "desk",
    IdKind.FIRM_DESK: "desk; it should be FIRM/DESK",
    IdKind.ACCOUNT: "account",
    IdKind.TRADER: "trader: nobody with this user id has entered or may enter orders",
    IdKind.SESSION: "order session",
    IdKind.VENUE: "venue",
    IdKind.INSTRUMENT: "listing",
}


class KnownIds:
    """See above."""

    def __init__(self, store: DirectoryStore, market: Market, user_names: UserNames) -> None:
        self.store = store
        self._market = market
        self._user_names = user_names

    async def knows(self, kind: IdKind, value: str) -> bool:
        """Tell whether there is such a thing.

        Raises:
            StoreUnavailableError: it cannot be told.
        """
        # What was told a moment ago may not be stored yet.
        if kind is IdKind.INSTRUMENT and self._market.find(value) is not None:
            return True
        if kind is IdKind.TRADER and self._user_names.knows(value):
            return True
        return await self.store.knows(kind, value)

    async def require(self, field: str, kind: IdKind, value: str, *, tell: bool = True) -> None:
        """Refuse what is not there.

        Args:
            field: Path of the field that names it.
            kind: What it is of.
            value: The id.
            tell: The caller may know of the others.

        Raises:
            MeshError: OBJECT_NOT_FOUND, naming the known ids nearest to it.
            StoreUnavailableError: it cannot be told.
        """
        if not await self.knows(kind, value):
            raise await self.unknown(field, kind, value, tell=tell)

    async def unknown(
        self, field: str, kind: IdKind, value: str, *, tell: bool = True
    ) -> MeshError:
        """Make the refusal of an id that is not there."""
        ids: list[str] = []
        alike = False
        if tell:
            ids, alike = near(value, await self.store.likely(kind, value, CANDIDATES_MAX))
        text = f"{field} is {value[:VALUE_CHARACTERS_SHOWN]!r}: there is no such {_WORDS[kind]}"
        if ids:
            text += f"; {'near it' if alike else 'there are'}: {', '.join(ids)}"
        return refuse(
            "OBJECT_NOT_FOUND",
            text,
            field,
            value=value[:VALUE_CHARACTERS_SHOWN],
            expected=", ".join(ids) or "one that is known",
        )
