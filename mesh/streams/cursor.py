"""Cursors: where a reader is, and whether its place can still be served."""

from dataclasses import dataclass

from ordermesh.type.v1 import stream_pb2


@dataclass(frozen=True, slots=True)
class Kept:
    """What a sequencer can serve.

    Attributes:
        epoch: Names the sequencer's life.
        oldest: The lowest sequence that is kept; newest + 1 when nothing is.
        newest: The highest sequence there is; 0 before the first.
    """

    epoch: str
    oldest: int
    newest: int


def cursor(epoch: str, sequence: int) -> stream_pb2.Cursor:
    """Make a cursor behind ``sequence``."""
    return stream_pb2.Cursor(epoch=epoch, sequence=sequence)


def resync_cause(wanted: stream_pb2.Cursor, kept: Kept) -> stream_pb2.ResyncCause | None:
    """Say why a cursor cannot be served; None when it can: send what is behind it."""
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
    """Make the answer to a cursor that cannot be served; a snapshot follows it."""
    return stream_pb2.Resync(cause=cause, channel=channel, requested=wanted)
