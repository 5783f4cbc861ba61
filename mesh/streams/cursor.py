"""Cursors: positions of readers, and whether a stream can resume from them."""

from dataclasses import dataclass

from ordermesh.type.v1 import stream_pb2


@dataclass(frozen=True, slots=True)
class Kept:
    """The events that a stream still has.

    Attributes:
        epoch: Epoch of the sequences.
        newest: The highest sequence; 0 before the first event.
        oldest: The lowest sequence that is kept; newest + 1 if none is.
    """

    epoch: str
    newest: int
    oldest: int = 1


def cursor(epoch: str, sequence: int) -> stream_pb2.Cursor:
    """Make a cursor after ``sequence``."""
    return stream_pb2.Cursor(epoch=epoch, sequence=sequence)


def resync_cause(wanted: stream_pb2.Cursor, kept: Kept) -> stream_pb2.ResyncCause | None:
    """Return why a stream cannot resume from a cursor; None if it can."""
    if wanted.epoch != kept.epoch:
        return stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED
    if wanted.sequence > kept.newest:
        return stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN
    if wanted.sequence + 1 < kept.oldest:
        return stream_pb2.RESYNC_CAUSE_CURSOR_TOO_OLD
    return None


def resync(
    wanted: stream_pb2.Cursor, cause: stream_pb2.ResyncCause, channel: str = ""
) -> stream_pb2.Resync:
    """Make the answer to a cursor from which the stream cannot resume; a snapshot follows."""
    return stream_pb2.Resync(cause=cause, channel=channel, requested=wanted)
