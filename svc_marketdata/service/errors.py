"""Errors of the use cases, besides refusals by the domain."""


class StoreUnavailableError(Exception):
    """PostgreSQL cannot be reached, is not migrated or lacks a resource; prices go on without it.

    Attributes:
        cause: Why, in words that a person can act on: "has no disk space left".
    """

    def __init__(self, cause: str) -> None:
        super().__init__(f"the database {cause}")
        self.cause = cause
