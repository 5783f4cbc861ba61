"""Whether this replica has opened the order book, and why not."""

from collections.abc import Iterator
from contextlib import contextmanager

from svc_oms.service.errors import book_not_open, reaching_database


class Readiness:
    """Set once by the replica that opens the book; checked before every rpc.

    Attributes:
        epoch: The epoch of the account sequences; empty until the book is open.
        why_not: Why the book is not open.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self.why_not = "the database has not been reached yet"

    def require(self) -> None:
        """Refuse work before the book is open.

        Raises:
            MeshError: DEPENDENCY_UNAVAILABLE.
        """
        if not self.epoch:
            raise book_not_open(self.why_not)

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Refuse before the book is open, and if the database fails in the block.

        Raises:
            MeshError: DEPENDENCY_UNAVAILABLE, COMMAND_OUTCOME_UNKNOWN.
        """
        self.require()
        with reaching_database():
            yield
