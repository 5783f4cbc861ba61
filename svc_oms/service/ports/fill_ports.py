"""What positions are folded from."""

from collections.abc import AsyncIterator
from typing import Protocol

from svc_oms.service.ports.rows.records import AmendmentRow, FillRow, OpeningsRow


class FillReader(Protocol):
    """Reads what positions are folded from."""

    async def openings(self, account_id: str) -> OpeningsRow:
        """Read what the archived executions of an account make."""
        ...

    async def amendments(self, account_id: str, named: str) -> list[AmendmentRow]:
        """Read the busts and corrections of an account's orders, in the order of the log.

        Of orders whose body has this text somewhere; the caller compares. See `fills`.
        """
        ...

    def fills(self, account_id: str, named: str) -> AsyncIterator[FillRow]:
        """Read the fills of an account's orders, amended or not, in the order of the log.

        All but those in the openings. A part at a time, because an account may have any number.

        Args:
            account_id: An account that does not change meanwhile.
            named: Only orders whose body has this text somewhere; the caller compares. No column
                has the ISIN, because only a bust or a correction asks for it.
        """
        ...
