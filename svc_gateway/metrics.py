"""Metrics of the gateway, by session."""

from prometheus_client import Counter, Gauge

_SESSION = ["session_id"]

SESSION_STATE = Gauge(
    "ordermesh_gateway_session_state", "1 down, 2 recovering, 3 up (SessionState).", _SESSION
)
LINK_UP = Gauge("ordermesh_gateway_link_up", "1 while the link to our service is open.", _SESSION)
SESSION_OWNER = Gauge(
    "ordermesh_gateway_session_owner", "1 while this process holds the session's store.", _SESSION
)
STORES_LOST = Counter(
    "ordermesh_gateway_stores_lost", "FIX stores that were lost or replaced.", _SESSION
)
STORE_FAULT = Gauge(
    "ordermesh_gateway_store_fault",
    "1 while the session's FIX store cannot be written: its disk is full or read-only.",
    _SESSION,
)
HUNG_HOLDERS_KILLED = Counter(
    "ordermesh_gateway_hung_holders_killed",
    "Gateways on this machine that hung with the session's store, and were killed.",
    _SESSION,
)
STOOD_STILL = Counter(
    "ordermesh_gateway_stood_still", "Times this process stood still with the session.", _SESSION
)
CLOCK_SKEW = Gauge(
    "ordermesh_gateway_clock_skew_seconds",
    "Least time a venue's message took by its SendingTime(52), over a minute.",
    _SESSION,
)
CLOCK_SKEW_ALARM = Gauge(
    "ordermesh_gateway_clock_skew_alarm", "1 while a venue's clock is beyond tolerance.", _SESSION
)
TIMES_MOVED = Counter(
    "ordermesh_gateway_times_moved",
    "Market-data messages whose times do not count: the clock differs by clock_difference_max_s.",
    _SESSION,
)
QUEUED_COMMANDS = Gauge(
    "ordermesh_gateway_queued_commands", "Commands waiting for the venue's rate or logon.", _SESSION
)
UNACKNOWLEDGED = Gauge(
    "ordermesh_gateway_unacknowledged_messages", "Reports not yet durable at the OMS.", _SESSION
)
COMMANDS = Counter("ordermesh_gateway_commands", "Commands by outcome.", [*_SESSION, "outcome"])
MESSAGES = Counter(
    "ordermesh_gateway_messages", "Messages of the venue by kind.", [*_SESSION, "kind"]
)
PARKED = Counter("ordermesh_gateway_parked", "Messages that could not be read.", _SESSION)
REWINDS = Counter(
    "ordermesh_gateway_rewinds", "Sessions started at a number that QuickFIX had seen.", _SESSION
)
BUSINESS_REJECTS = Counter(
    "ordermesh_gateway_business_rejects", "BusinessMessageReject(j) sent.", _SESSION
)
STATUS_REQUESTS = Counter(
    "ordermesh_gateway_status_requests", "OrderStatusRequest(H) sent of our own accord.", _SESSION
)
DOUBTS_DROPPED = Counter(
    "ordermesh_gateway_doubts_dropped", "Status requests not asked: doubts_max reached.", _SESSION
)
MARKS_NOT_STORED = Counter(
    "ordermesh_gateway_marks_not_stored",
    "Marks of the order book that could not be stored.",
    _SESSION,
)
FEED_UPDATES = Counter("ordermesh_gateway_feed_updates", "Market-data changes passed on.", _SESSION)
FEED_RESYNCS = Counter(
    "ordermesh_gateway_feed_resyncs",
    "Times fresh snapshots were needed, by cause.",
    [*_SESSION, "cause"],
)
