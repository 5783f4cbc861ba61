"""A scripted venue whose FIX engine is forked instead of started."""

import subprocess

from conformance.scripted_venue import ScriptedVenue
from tests.support.forked import Forked


class ForkedVenue(ScriptedVenue):
    """It costs a tenth of the CPU to start; otherwise it is the same venue."""

    def launched(self, plan: str) -> Forked:
        return Forked(
            "conformance.venue_process", (plan,),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
