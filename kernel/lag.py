"""For how long a process has not been up to date."""

from kernel.clock import Clock


class Lag:
    """Counts the seconds since a process was last seen to have passed on everything."""

    def __init__(self, clock: Clock) -> None:
        """Begin up to date."""
        self._clock = clock
        self._since: float | None = None

    def note(self, *, waits: bool) -> None:
        """Note whether anything waits, or whether that is not known."""
        if not waits:
            self._since = None
        elif self._since is None:
            self._since = self._clock.monotonic()

    @property
    def seconds(self) -> float:
        """Return the seconds since something waits; 0 if nothing does."""
        return 0.0 if self._since is None else self._clock.monotonic() - self._since
