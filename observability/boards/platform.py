"""Dashboards of the platform: the edge, streams, stores, objectives."""

from typing import Final

from observability.boards.panels import Board, Panel, Query, Unit, largest, named, quantiles, rates

_N, _S, _R = Unit.NUMBER, Unit.SECONDS, Unit.PER_SECOND
_EDGE: Final = '{envoy_http_conn_manager_prefix="edge"}'
_JOB: Final = "job, instance"

EDGE: Final = Board(
    "edge", "Edge", "Envoy, and the calls that it passes on.",
    (
        Panel("Requests", "By class of the HTTP status.", _R,
              rates("envoy_http_downstream_rq_xx", "envoy_response_code_class", _EDGE)),
        Panel("Open", "Requests and connections.", _N,
              (Query(f"sum(envoy_http_downstream_rq_active{_EDGE})", "requests"),
               Query(f"sum(envoy_http_downstream_cx_active{_EDGE})", "connections"))),
        Panel("Healthy replicas", "By service; 0: calls of it fail.", _N,
              largest("envoy_cluster_membership_healthy", "envoy_cluster_name"), single=True),
        Panel("Answers of the services", "In milliseconds, as Envoy sees them.", _N,
              quantiles("envoy_cluster_upstream_rq_time", "envoy_cluster_name")),
        Panel("Tokens refused", "By Envoy, before a service sees the call.", _R,
              (Query("sum(rate(envoy_http_jwt_authn_denied[5m]))", "denied"),)),
        Panel("Calls", "By service and status.", _R,
              rates("grpc_server_handled_total", "grpc_service, grpc_code")),
        Panel("Time of calls", "At the service.", _S,
              quantiles("grpc_server_handling_seconds", "grpc_service")),
        Panel("Edge certificate", "Days until it expires.", _N,
              (Query("min(envoy_server_days_until_first_cert_expiring)", "days"),), single=True),
    ),
)  # fmt: skip

STREAMS: Final = Board(
    "streams", "Streams", "Long-lived streams: readers, slow readers, notifications, the copy.",
    (
        Panel("Open streams", "By rpc.", _N,
              (Query("sum by (grpc_service, grpc_method) (grpc_server_streams_open)",
                     "{{grpc_service}} {{grpc_method}}"),)),
        Panel("Ends of streams", "By status.", _R,
              rates("grpc_server_handled_total", "grpc_method, grpc_code",
                    '{grpc_type!="unary"}')),
        Panel("Slow readers", "Sent away from order streams.", _R,
              (Query("sum(rate(ordermesh_oms_slow_consumers_total[5m]))", "slow"),)),
        Panel("Notifications", "From the event to the stored notification.", _S,
              quantiles("ordermesh_notify_stored_delay_seconds")),
        Panel("Notifications on streams", "From the event to the reader.", _S,
              quantiles("ordermesh_notify_sent_delay_seconds")),
        Panel("Deliveries", "Webhooks and e-mail, by outcome.", _R,
              rates("ordermesh_notify_attempts_total", "outcome")),
        Panel("Copy of the log", "Seconds since everything was in Kafka, and in the archive.", _S,
              (Query("max(ordermesh_relay_lag_seconds)", "Kafka"),
               Query("max(ordermesh_archive_lag_seconds)", "archive"))),
        Panel("Waiting", "Entries that are not passed on.", _N,
              named({"Kafka": largest("ordermesh_relay_waiting_events", "log"),
                     "notifications": largest("ordermesh_notify_waiting_entries", "log"),
                     "archive": largest("ordermesh_archive_waiting_records", "topic")})),
    ),
)  # fmt: skip

STORES: Final = Board(
    "stores", "Processes and stores", "Processes, PostgreSQL, Redis, disks, certificates.",
    (
        Panel("Processes", "1: it answers.", _N, largest("up", "job, instance"), single=True),
        Panel("Ready", "1: it can do its work.", _N, largest("ordermesh_ready", _JOB), single=True),
        Panel("PostgreSQL and Redis", "1: they answer.", _N,
              largest("ordermesh_dependency_up", "job, dependency"), single=True),
        Panel("Time of an exchange", "Of a regular question that no order waits for.", _S,
              quantiles("ordermesh_dependency_seconds", "job, dependency")),
        Panel("Connections to PostgreSQL", "Lent out, of those that a pool may open.", Unit.RATIO,
              (Query("max by (job, pool) (ordermesh_postgres_pool_connections_used / "
                     "(ordermesh_postgres_pool_connections_max > 0))", "{{job}} {{pool}}"),)),
        Panel("Event loops", "How late a timer is.", _S,
              quantiles("ordermesh_event_loop_lag_seconds", "job")),
        Panel("Memory", "Resident.", Unit.BYTES, largest("process_resident_memory_bytes", _JOB)),
        Panel("CPU", "Cores.", _N, rates("process_cpu_seconds_total", _JOB)),
        Panel("Disks", "Free share.", Unit.RATIO,
              (Query("ordermesh_disk_free_bytes / ordermesh_disk_size_bytes",
                     "{{job}} {{folder}}"),)),
        Panel("Expires", "Seconds until certificates and keys are to be replaced.", _S,
              (Query("min by (job, name) (ordermesh_expires_timestamp_seconds) - time()",
                     "{{job}} {{name}}"),)),
        Panel("Python objects", "Blocks of memory; one that only rises is a leak.", _N,
              largest("ordermesh_python_blocks", _JOB)),
        Panel("Versions", "What runs.", _N,
              (Query("ordermesh_build_info", "{{service}} {{version}}, Python {{python}}"),)),
    ),
)  # fmt: skip

OBJECTIVES: Final = Board(
    "slo", "Objectives", "What is promised, and how fast the error budgets are used up.",
    (
        Panel("Alerts", "That fire now.", _N,
              (Query('sum by (alertname, severity) (ALERTS{alertstate="firing"})',
                     "{{alertname}} {{severity}}"),)),
        Panel("Errors, 5 minutes", "Share of bad events.", Unit.RATIO,
              (Query("ordermesh:slo_errors:ratio_rate5m", "{{slo}}"),)),
        Panel("Errors, 6 hours", "Share of bad events.", Unit.RATIO,
              (Query("ordermesh:slo_errors:ratio_rate6h", "{{slo}}"),)),
        Panel("Budget", "Share of bad events that is allowed over 30 days.", Unit.RATIO,
              (Query("ordermesh:slo_budget:ratio", "{{slo}}"),), single=True),
        Panel("Burn, 1 hour", "1: as fast as allowed; an alert comes at 14.4.", _N,
              (Query("ordermesh:slo_errors:ratio_rate1h / on (slo) ordermesh:slo_budget:ratio",
                     "{{slo}}"),)),
        Panel("Burn, 3 days", "1: as fast as allowed.", _N,
              (Query("ordermesh:slo_errors:ratio_rate3d / on (slo) ordermesh:slo_budget:ratio",
                     "{{slo}}"),)),
    ),
)  # fmt: skip
