"""Metrics of the gateway, by session."""

from mesh.telemetry import counter, gauge

_SESSION = ["session"]

SESSION_STATE = gauge(
    "gateway_session_state", "1 down, 2 recovering, 3 up (SessionState).", _SESSION
)
LINK_UP = gauge("gateway_link_up", "1 while the link to our service is open.", _SESSION)
SESSION_OWNER = gauge(
    "gateway_session_owner", "1 while this process holds the session's store.", _SESSION
)
STORES_LOST = counter("gateway_stores_lost", "FIX stores that were lost or replaced.", _SESSION)
STORE_FAULT = gauge(
    "gateway_store_fault",
    "1 while the session's FIX store cannot be written: its disk is full or read-only.",
    _SESSION,
)
HUNG_HOLDERS_KILLED = counter(
    "gateway_hung_holders_killed",
    "Gateways on this machine that hung with the session's store, and were killed.",
    _SESSION,
)
STOOD_STILL = counter(
    "gateway_stood_still", "Times this process stood still with the session.", _SESSION
)
CLOCK_SKEW = gauge(
    "gateway_clock_skew_seconds",
    "Least time a venue's message took by its SendingTime(52), over a minute.",
    _SESSION,
)
CLOCK_SKEW_ALARM = gauge(
    "gateway_clock_skew_alarm", "1 while a venue's clock is beyond tolerance.", _SESSION
)
TIMES_MOVED = counter(
    "gateway_times_moved",
    "Market-data messages whose times do not count: the clock differs by clock_difference_max_s.",
    _SESSION,
)
QUEUED_COMMANDS = gauge(
    "gateway_queued_commands", "Commands waiting for the venue's rate or logon.", _SESSION
)
UNACKNOWLEDGED = gauge(
    "gateway_unacknowledged_messages", "Reports not yet durable at the OMS.", _SESSION
)
COMMANDS = counter("gateway_commands", "Commands by outcome.", [*_SESSION, "outcome"])
MESSAGES = counter("gateway_messages", "Messages of the venue by kind.", [*_SESSION, "kind"])
PARKED = counter("gateway_parked", "Messages that could not be read.", _SESSION)
REWINDS = counter(
    "gateway_rewinds", "Sessions started at a number that QuickFIX had seen.", _SESSION
)
BUSINESS_REJECTS = counter("gateway_business_rejects", "BusinessMessageReject(j) sent.", _SESSION)
STATUS_REQUESTS = counter(
    "gateway_status_requests", "OrderStatusRequest(H) sent of our own accord.", _SESSION
)
DOUBTS_DROPPED = counter(
    "gateway_doubts_dropped", "Status requests not asked: doubts_max reached.", _SESSION
)
MARKS_NOT_STORED = counter(
    "gateway_marks_not_stored",
    "Marks of the order book that could not be stored.",
    _SESSION,
)
FEED_UPDATES = counter("gateway_feed_updates", "Market-data changes passed on.", _SESSION)
FEED_RESYNCS = counter(
    "gateway_feed_resyncs",
    "Times fresh snapshots were needed, by cause.",
    [*_SESSION, "cause"],
)
