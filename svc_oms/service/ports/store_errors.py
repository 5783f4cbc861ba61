"""What the store raises."""

from svc_oms.service.ports.rows.records import SessionRow


class StoreUnavailableError(Exception):
    """The database could not do it now: it is away, or says why it cannot.

    Attributes:
        cause: What it is that the database does or lacks, as the end of a sentence about it.
        outcome_unknown: It happened during a commit, which may have taken effect.
    """

    def __init__(
        self, text: str, cause: str = "cannot be reached", *, outcome_unknown: bool = False
    ) -> None:
        super().__init__(text)
        self.cause = cause
        self.outcome_unknown = outcome_unknown


class StoreWentBackError(StoreUnavailableError):
    """The database lacks what this process has written or read: it was restored."""

    def __init__(self, evidence: str) -> None:
        super().__init__(evidence, "was restored to an earlier state")


class StoreRefusedError(Exception):
    """The database refused the data itself; the same data would be refused again."""


class GuessMissedError(Exception):
    """Nothing was written: the batch needs what was not guessed, or a guess was wrong."""


class FencedError(Exception):
    """Another owner has taken the session since; nothing was written."""


class SessionHeldError(Exception):
    """Another gateway holds the session's lease, or this one has just handed it over."""

    def __init__(self, row: SessionRow) -> None:
        super().__init__(f"session {row.session_id} is held by {row.gateway}")
        self.row = row
