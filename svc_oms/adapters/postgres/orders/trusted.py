"""The instance of the database that batches may write to."""

from collections.abc import Callable

from svc_oms.service.ports import StoreUnavailableError

INSTANCE = """(SELECT v.xmin FROM oms.alembic_version v) || '@' || pg_postmaster_start_time()"""
"""Names this instance. Only a migration or a restore writes the row; the server is another one, or
begins again, when it takes the files of an earlier state."""


class Trusted:
    """The instance of the database that transactions may lock accounts in; see `OrderStore.trust`.

    Attributes:
        instance: Empty until the first look: any.
        on_other: Called when a transaction finds another one.
    """

    __slots__ = ("instance", "on_other")

    def __init__(self) -> None:
        self.instance = ""
        self.on_other: Callable[[], None] = lambda: None

    def check(self, found: str) -> None:
        """Compare the instance that a transaction has found.

        Raises:
            StoreUnavailableError: It is another one.
        """
        if self.instance and found != self.instance:
            self.on_other()
            raise StoreUnavailableError(
                f"instance {found} of the database was not compared with what is known",
                "was restarted or restored, and is compared with what is known first",
            )
