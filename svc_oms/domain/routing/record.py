"""The record of a decision: everything that it took in and gave out, as bytes."""

from svc_oms.domain.routing.decision import Decision, Inputs

RECORD_VERSION = 1


def to_record(inputs: Inputs, decision: Decision) -> bytes:
    """Write inputs and decision as canonical JSON in UTF-8, arrays in the order of the fields."""
    raise NotImplementedError


def from_record(record: bytes) -> tuple[Inputs, Decision]:
    """Read what `to_record` wrote.

    Raises:
        ValueError: It is no record, or of a later version.
    """
    raise NotImplementedError
