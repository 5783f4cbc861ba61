"""Waiting for a condition that nothing announces, as the conformance kit does it."""

from conformance.waiting import until, wait_for

__all__ = ["until", "wait_for"]
