"""What went over a FIX session since this process began, for metrics."""


class Traffic:
    """Counts of one session; QuickFIX's threads change them, a scrape reads them.

    Attributes:
        received_ns: When the last message of the venue came; 0: none has come.
        resends_asked: ResendRequest(2) sent: numbers of the venue were missing.
        resends_wanted: ResendRequest(2) of the venue: numbers of ours were missing.
        heartbeats_missed: TestRequest(1) sent: nothing came for longer than HeartBtInt(108).
        rejected: Reject(3) received.
    """

    __slots__ = (
        "heartbeats_missed",
        "received_ns",
        "rejected",
        "resends_asked",
        "resends_wanted",
    )

    def __init__(self) -> None:
        self.received_ns = 0
        self.resends_asked = 0
        self.resends_wanted = 0
        self.heartbeats_missed = 0
        self.rejected = 0
