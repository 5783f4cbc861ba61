"""The metrics of the order book."""

from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

from svc_oms.service.submissions import Outcome, Submission, Taken

COMMANDS = Counter(
    "ordermesh_oms_commands_total", "Commands by kind and outcome.", ["kind", "outcome"]
)
BATCH_ITEMS = Histogram(
    "ordermesh_oms_batch_items",
    "Commands or venue messages per transaction.",
    ["path"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 400, 800),
)
BATCH_SECONDS = Histogram(
    "ordermesh_oms_batch_seconds",
    "Seconds from the first lock to the commit.",
    ["path"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0),
)
QUEUE_ITEMS = Gauge("ordermesh_oms_queue_items", "Items waiting.", ["queue"])
PLACE_TO_VENUE_ACK_SECONDS = Histogram(
    "ordermesh_oms_place_to_venue_ack_seconds",
    "Seconds from acceptance to the venue's acknowledgement.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0),
)
EXECUTIONS = Counter("ordermesh_oms_executions_total", "Executions applied.", ["venue"])
DUPLICATE_EXECUTIONS = Counter(
    "ordermesh_oms_duplicate_executions_total", "Executions that came again.", ["venue"]
)
UNSOLICITED_ORDERS = Counter(
    "ordermesh_oms_told_orders_total", "Unsolicited orders that were opened.", ["venue"]
)
PARKED = Counter("ordermesh_oms_parked_messages_total", "Venue messages parked.", ["venue"])
PARKED_COUNTED = Counter(
    "ordermesh_oms_parked_messages_counted_total",
    "Parked venue messages that are counted and not kept: too many of their session wait.",
    ["venue"],
)
FOREIGN_COPIES = Counter(
    "ordermesh_oms_foreign_copies_total", "Drop copies of orders that are not ours.", ["venue"]
)
ANOMALIES = Counter(
    "ordermesh_oms_anomalies_total", "Venue reports that did not fit their order.", ["venue"]
)
RECOVERING = Gauge(
    "ordermesh_oms_recovering",
    "1 while a restored order book waits for a person to confirm its recovery.",
)
UNKNOWN_ORDERS = Gauge("ordermesh_oms_unknown_orders", "Open orders in state UNKNOWN.")
WAITING_ORDERS = Gauge(
    "ordermesh_oms_waiting_orders", "Orders that wait here, as this replica knows them."
)
TRIGGER_PRICES = Gauge(
    "ordermesh_oms_trigger_prices", "Listings with waiting orders whose price counts."
)
LINK_STATE = Gauge(
    "ordermesh_oms_link_state",
    "State of a venue's order session: 1 down, 2 recovering, 3 up.",
    ["session", "venue"],
)
STREAMS = Gauge("ordermesh_oms_order_streams", "Open order streams.")
SLOW_CONSUMERS = Counter("ordermesh_oms_slow_consumers_total", "Readers sent away as too slow.")
STRATEGY_STOPS = Counter(
    "ordermesh_oms_strategy_stops_total", "Strategies stopped by the repeated-execution throttle."
)
READS = Counter(
    "ordermesh_oms_reads_total",
    "Frequent reads by rpc, and where from: copy; or PostgreSQL, because the copy was absent or "
    "old, Redis was away, or the account was busy or unknown.",
    ["rpc", "from"],
)
COPIES_DROPPED = Counter(
    "ordermesh_oms_copies_dropped_total", "Copies not written to Redis: away, or no room."
)
DISCONNECTS = Counter(
    "ordermesh_oms_disconnects_total", "Flows lost and not resumed, whose orders were cancelled."
)
AUDIT_COUNTED = Counter(
    "ordermesh_oms_audit_counted_total",
    "Refusals beyond a limit of entries, counted in the audit log and not recorded singly.",
)
AUDIT_LATE = Counter(
    "ordermesh_oms_audit_late_total", "Refusals answered before their entry was durable."
)


def count_outcomes(submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """Count a batch's outcomes, one increment per kind and outcome."""
    tally: Tally[tuple[str, str]] = Tally()
    for submission, outcome in zip(submissions, outcomes, strict=True):
        if isinstance(outcome, Taken):
            name = "duplicate" if outcome.duplicate else "taken"
        else:
            name = outcome.reason
        tally[submission.kind.name.lower(), name] += 1
    for (kind, name), count in tally.items():
        COMMANDS.labels(kind, name).inc(count)
