"""The accounts of orders: they never change, so each is read only once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

# Beyond it everything is forgotten and read again as needed.
OWNERS_KNOWN_MAX = 200_000

Look = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]


class OrderAccounts:
    """Accounts of orders by id, of all that were committed or looked up here."""

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}

    def learn(self, owners: Iterable[tuple[str, str]]) -> None:
        """Keep (order id, account id) of existing orders."""
        if len(self._accounts) > OWNERS_KNOWN_MAX:
            self._accounts.clear()
        self._accounts.update(owners)

    async def find(self, order_ids: Iterable[str], look: Look) -> dict[str, str]:
        """Return the accounts of these orders, without orders that do not exist.

        Args:
            order_ids: Well-formed ids.
            look: Reads the ones not known here from the store.
        """
        wanted = set(order_ids)
        # A copy: what is known may be forgotten while the store is read.
        found = {each: self._accounts[each] for each in wanted if each in self._accounts}
        unknown = [each for each in wanted if each not in found]
        if unknown:
            read = await look(unknown)
            self.learn(read.items())
            found.update(read)
        return found
