"""What the archiver needs of Kafka."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from event_archive.columns import Record
from event_archive.manifest import Positions
from svc_archive.domain.state import State


class HinderedError(Exception):
    """The archiver cannot go on now: everything begins again with its start."""

    def __init__(self, state: State) -> None:
        super().__init__(state.text)
        self.state = state


class Reader(Protocol):
    """The topics of the log. Every method may raise HinderedError."""

    def open(self) -> str:
        """Connect; return the id of the cluster."""

    def assign(self, positions: Positions) -> None:
        """Read every topic on from a position; a partition without one from its beginning."""

    def records(self) -> Iterator[Record]:
        """Yield the committed records that come within a moment, in order per partition."""

    def waiting(self) -> Mapping[str, int]:
        """Return how many offsets of each topic are not read yet."""

    def changed(self) -> bool:
        """Return whether the cluster has other topics or partitions than those assigned."""

    def close(self) -> None:
        """Give everything up; `open` begins again."""
