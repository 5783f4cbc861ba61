"""Dashboards of trading: the order path, venues, market data, the risk desk."""

from typing import Final

from observability.boards.panels import (
    Board,
    Panel,
    Query,
    Unit,
    largest,
    named,
    owners,
    quantiles,
    rates,
)

_N, _S, _R = Unit.NUMBER, Unit.SECONDS, Unit.PER_SECOND
_PLACE: Final = '{grpc_service="ordermesh.oms.v1.OrderService", grpc_method="Place"}'
_REFUSED: Final = '{outcome!~"taken|duplicate"}'

ORDERS: Final = Board(
    "orders", "Order path", "An order from its call to the venue's acknowledgement.",
    (
        Panel("Place, at the OMS", "From the request to the durable answer.", _S,
              quantiles("grpc_server_handling_seconds", "", _PLACE)),
        Panel("Venue's acknowledgement", "From acceptance to ExecutionReport(8) NEW.", _S,
              quantiles("ordermesh_oms_place_to_venue_ack_seconds")),
        Panel("Commands", "By kind and outcome.", _R,
              rates("ordermesh_oms_commands_total", "kind, outcome")),
        Panel("Transactions", "From the first lock to the commit.", _S,
              quantiles("ordermesh_oms_batch_seconds", "path")),
        Panel("Items per transaction", "More under load: one commit for many.", _N,
              quantiles("ordermesh_oms_batch_items", "path")),
        Panel("Queue", "Commands that wait for a transaction.", _N,
              largest("ordermesh_oms_queue_items", "instance")),
        Panel("Outboxes", "Commands without a receipt of the gateway.", _N,
              largest("ordermesh_oms_outbox_commands", "session, venue")),
        Panel("Standstill", "0 while there is progress.", _S,
              largest("ordermesh_oms_queue_standstill_seconds", "instance")
              + largest("ordermesh_oms_outbox_standstill_seconds", "session, venue")),
        Panel("Executions", "Applied, by venue.", _R,
              rates("ordermesh_oms_executions_total", "venue")),
        Panel("Event loop of the OMS", "Rises when work does not let others on.", _S,
              quantiles("ordermesh_event_loop_lag_seconds", "instance", '{job="svc-oms"}')),
    ),
)  # fmt: skip

VENUES: Final = Board(
    "venues", "Venues and FIX", "The FIX sessions and what goes over them.",
    (
        Panel("Sessions", "1 down, 2 recovering, 3 up.", _N,
              largest("ordermesh_gateway_session_state", "session"), single=True),
        Panel("Owners", "1 while a gateway has the session; 0: nobody has it.", _N,
              largest("ordermesh_gateway_session_owner", "session"), single=True),
        Panel("Last message", "Longer than HeartBtInt(108): the venue is silent.", _S,
              owners("ordermesh_gateway_last_message_age_seconds")),
        Panel("Numbers", "Next MsgSeqNum(34) sent and expected.", _N,
              named({"out": owners("ordermesh_gateway_next_sender_seq_num"),
                     "in": owners("ordermesh_gateway_next_target_seq_num")})),
        Panel("Messages of the venues", "By kind.", _R,
              rates("ordermesh_gateway_messages_total", "session, kind")),
        Panel("Commands", "By what became of them.", _R,
              rates("ordermesh_gateway_commands_total", "session, outcome")),
        Panel("Resend requests and missed heartbeats", "0 in good order.", _R,
              named({"sent": rates("ordermesh_gateway_resend_requests_sent_total", "session"),
                     "received": rates("ordermesh_gateway_resend_requests_received_total",
                                       "session"),
                     "missed": rates("ordermesh_gateway_heartbeats_missed_total", "session")})),
        Panel("Refused and parked", "0 in good order.", _R,
              named({"refused": rates("ordermesh_gateway_business_rejects_total", "session"),
                     "refused by the venue": rates("ordermesh_gateway_rejects_received_total",
                                                   "session"),
                     "parked": rates("ordermesh_gateway_parked_total", "session")})),
        Panel("Clocks", "Least time a message took by SendingTime(52); below 0: one is wrong.", _S,
              owners("ordermesh_gateway_clock_skew_seconds")),
        Panel("Waiting", "Commands for the venue's rate or logon; reports for the OMS.", _N,
              named({"commands": largest("ordermesh_gateway_queued_commands", "session"),
                     "reports": largest("ordermesh_gateway_unacknowledged_messages", "session")})),
    ),
)  # fmt: skip

MARKET_DATA: Final = Board(
    "market-data", "Market data", "Prices from the feeds to the readers and the history.",
    (
        Panel("Venues live", "1: the feed is up and sends.", _N,
              largest("ordermesh_marketdata_venue_live", "venue"), single=True),
        Panel("Stale listings", "Of a venue that is live, 0 in good order.", _N,
              largest("ordermesh_marketdata_stale", "venue")),
        Panel("Updates", "Received, and published to readers.", _R,
              (Query("sum(rate(ordermesh_marketdata_feed_updates_total[5m]))", "received"),
               Query("sum(rate(ordermesh_marketdata_published_updates_total[5m]))", "published"))),
        Panel("Readers", "Open streams, and distinct subscriptions.", _N,
              (Query("sum(ordermesh_marketdata_subscribers)", "streams"),
               Query("sum(ordermesh_marketdata_interests)", "subscriptions"))),
        Panel("Slowest reader", "Updates that wait for it.", _N,
              largest("ordermesh_marketdata_queued_updates_max", "instance")),
        Panel("History", "Age of the oldest trade that is not stored.", _S,
              largest("ordermesh_marketdata_history_lag_seconds", "instance")),
        Panel("Trades and quotes stored", "Dropped: 0 in good order.", _R,
              (Query("sum(rate(ordermesh_marketdata_history_written_trades_total[5m]))", "trades"),
               Query("sum(rate(ordermesh_marketdata_history_written_quote_blocks_total[5m]))",
                     "blocks of quotes"),
               Query("sum(rate(ordermesh_marketdata_history_dropped_trades_total[5m]))",
                     "trades dropped"))),
        Panel("Price alerts", "Waiting for a price, and not recorded yet.", _N,
              (Query("sum(ordermesh_marketdata_alerts_active)", "active"),
               Query("sum(ordermesh_marketdata_alerts_waiting)", "not recorded"))),
    ),
)  # fmt: skip

RISK: Final = Board(
    "risk", "Risk desk", "What a risk manager must see: stops, limits, doubts.",
    (
        Panel("Kill switches in force", "", _N,
              (Query("max(ordermesh_oms_kill_switches_in_force)", "in force"),
               Query("max(ordermesh_oms_kill_switches_engaging)", "not confirmed")), single=True),
        Panel("Orders in doubt", "State UNKNOWN: the venue's answer decides.", _N,
              (Query("max(ordermesh_oms_unknown_orders)", "UNKNOWN"),), single=True),
        Panel("Recovery", "1: the order book waits for a person.", _N,
              (Query("max(ordermesh_oms_recovering)", "RECOVERING"),), single=True),
        Panel("Refusals", "By reason.", _R,
              rates("ordermesh_oms_commands_total", "outcome", _REFUSED)),
        Panel("Limits hit", "By limit.", _R,
              rates("ordermesh_oms_commands_total", "outcome",
                    '{outcome=~".+_EXCEEDED|RATE_LIMITED"}')),
        Panel("Strategies stopped", "By the repeated-execution throttle.", _R,
              (Query("sum(rate(ordermesh_oms_strategy_stops_total[5m]))", "stops"),)),
        Panel("Parked and anomalies", "Reports that wait for a person, or did not fit.", _R,
              named({"parked": rates("ordermesh_oms_parked_messages_total", "venue"),
                     "did not fit": rates("ordermesh_oms_anomalies_total", "venue")})),
        Panel("Waiting orders", "Orders that wait here, and listings with a price for them.", _N,
              (Query("max(ordermesh_oms_waiting_orders)", "orders"),
               Query("max(ordermesh_oms_trigger_prices)", "listings with a price"))),
        Panel("Logins", "By what became of them.", _R,
              rates("ordermesh_identity_acts_total", "act")),
        Panel("Disconnects", "Flows that were lost, whose orders were cancelled.", _R,
              (Query("sum(rate(ordermesh_oms_disconnects_total[5m]))", "disconnects"),)),
    ),
)  # fmt: skip
