"""The append-only logs in PostgreSQL, read in commit order by svc_relay and svc_notify (ADR 14)."""
