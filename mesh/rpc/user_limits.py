"""How much of a process one user may take: calls and streams at once."""

from collections import Counter

from mesh.auth.tokens import Principal
from mesh.errors import refuse

RETRY_AFTER_S = 1.0


class OpenPerUser:
    """Counts what every user has open, and refuses more than the limit."""

    def __init__(self, what: str, most: int) -> None:
        """Make it.

        Args:
            what: What is counted, for people: "calls", "streams".
            most: The most that one user may have open in this process.
        """
        self._what = what
        self._most = most
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How much all users have open."""
        return self._open.total()

    def enter(self, user: Principal | None) -> None:
        """Count one more; callers without a user (our own processes, logins) are not counted.

        Raises:
            MeshError: OVERLOADED.
        """
        if user is None:
            return
        if self._open[user.subject] >= self._most:
            raise refuse(
                "OVERLOADED",
                f"{user.username or user.subject} has {self._most} {self._what} open at this "
                "process, the most for one user; nothing was started",
                retry_after_s=RETRY_AFTER_S,
                limit=self._most,
            )
        self._open[user.subject] += 1

    def leave(self, user: Principal | None) -> None:
        """Count one less."""
        if user is None:
            return
        self._open[user.subject] -= 1
        if not self._open[user.subject]:
            del self._open[user.subject]
