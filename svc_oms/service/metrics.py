"""The metrics of the order book that its parts change; api/figures.py has those of a scrape."""

from collections import Counter
from collections.abc import Sequence

from mesh.telemetry import counter, gauge, histogram
from svc_oms.service.submissions import CommandKind, Outcome, Submission, Taken

COMMANDS = counter("oms_commands", "Commands by kind and outcome.", ["kind", "outcome"])
for _kind in CommandKind:
    for _fault in ("INTERNAL", "DEPENDENCY_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN"):
        COMMANDS.labels(_kind.name.lower(), _fault)  # 0 from the start: the first is an increase
BATCH_ITEMS = histogram(
    "oms_batch_items",
    "Commands or venue messages per transaction.",
    ["path"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 400, 800),
)
BATCH_SECONDS = histogram(
    "oms_batch_seconds",
    "Seconds from the first lock to the commit.",
    ["path"],
)
TRANSACTIONS = counter(
    "oms_transactions",
    "Transactions of batches: guessed (one round trip to PostgreSQL) or read (several).",
    ["path", "way"],
)
PLACE_TO_VENUE_ACK_SECONDS = histogram(
    "oms_place_to_venue_ack_seconds",
    "Seconds from acceptance to the venue's acknowledgement.",
)
EXECUTIONS = counter("oms_executions", "Executions applied.", ["venue"])
DUPLICATE_EXECUTIONS = counter("oms_duplicate_executions", "Executions that came again.", ["venue"])
UNSOLICITED_ORDERS = counter(
    "oms_unsolicited_orders", "Unsolicited orders that were opened.", ["venue"]
)
PARKED = counter("oms_parked_messages", "Venue messages parked.", ["venue"])
PARKED_COUNTED = counter(
    "oms_parked_messages_counted",
    "Parked venue messages that are counted and not kept: too many of their session wait.",
    ["venue"],
)
FOREIGN_COPIES = counter(
    "oms_foreign_copies", "Drop copies of orders that are not ours.", ["venue"]
)
ANOMALIES = counter("oms_anomalies", "Venue reports that did not fit their order.", ["venue"])
RECOVERING = gauge(
    "oms_recovering",
    "1 while a restored order book waits for a person to confirm its recovery.",
)
UNKNOWN_ORDERS = gauge("oms_unknown_orders", "Open orders in state UNKNOWN.")
WAITING_ORDERS = gauge("oms_waiting_orders", "Orders that wait here, as this replica knows them.")
TRIGGER_PRICES = gauge("oms_trigger_prices", "Listings with waiting orders whose price counts.")
LINK_STATE = gauge(
    "oms_link_state",
    "State of a venue's order session: 1 down, 2 recovering, 3 up.",
    ["session", "venue"],
)
STREAMS = gauge("oms_order_streams", "Open order streams.")
SLOW_CONSUMERS = counter("oms_slow_consumers", "Readers sent away as too slow.")
STRATEGY_STOPS = counter(
    "oms_strategy_stops", "Strategies stopped by the repeated-execution throttle."
)
READS = counter(
    "oms_reads",
    "Frequent reads by rpc, and where from: copy; or PostgreSQL, because the copy was absent or "
    "old, Redis was away, or the account was busy or unknown.",
    ["rpc", "source"],
)
COPIES_DROPPED = counter("oms_copies_dropped", "Copies not written to Redis: away, or no room.")
DISCONNECTS = counter("oms_disconnects", "Flows lost and not resumed, whose orders were cancelled.")
AUDIT_COUNTED = counter(
    "oms_audit_counted",
    "Refusals beyond a limit of entries, counted in the audit log and not recorded singly.",
)
AUDIT_LATE = counter("oms_audit_late", "Refusals answered before their entry was durable.")


def count_outcomes(submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """Count a batch's outcomes, one increment per kind and outcome."""
    tally: Counter[tuple[str, str]] = Counter()
    for submission, outcome in zip(submissions, outcomes, strict=True):
        if isinstance(outcome, Taken):
            name = "duplicate" if outcome.duplicate else "taken"
        else:
            name = outcome.reason
        tally[submission.kind.name.lower(), name] += 1
    for (kind, name), count in tally.items():
        COMMANDS.labels(kind, name).inc(count)
