"""The log of alerts, and alerts that ended, have a retention."""  # noqa: INP001

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    "DROP TRIGGER alert_log_append_only ON marketdata.alert_log",
    """
    CREATE TRIGGER alert_log_append_only BEFORE UPDATE OR TRUNCATE ON marketdata.alert_log
        FOR EACH STATEMENT EXECUTE FUNCTION marketdata.refuse_change()
    """,
    # Nobody removes an entry that is younger than 35 days.
    """
    CREATE TRIGGER alert_log_kept BEFORE DELETE ON marketdata.alert_log FOR EACH ROW
    WHEN (OLD.recorded_ns > (extract(epoch FROM now() - interval '35 days') * 1000000000)::bigint)
    EXECUTE FUNCTION marketdata.refuse_change()
    """,
    "CREATE INDEX alerts_ended ON marketdata.alerts (ended_ns) WHERE state <> 1",
    # The service may remove what is old, oldest first, and nothing else. It returns the rows.
    """
    CREATE FUNCTION marketdata.cut_alerts(before_ns bigint, rows_max integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        entries bigint;
        ended bigint;
    BEGIN
        IF before_ns > (extract(epoch FROM now() - interval '35 days') * 1000000000)::bigint THEN
            RAISE EXCEPTION 'alerts of the last 35 days are not removed: % is too late', before_ns;
        END IF;
        DELETE FROM marketdata.alert_log WHERE log_number IN (
            SELECT log_number FROM marketdata.alert_log WHERE log_number < coalesce(
                (SELECT log_number FROM marketdata.alert_log WHERE recorded_ns >= before_ns
                ORDER BY log_number LIMIT 1), 9223372036854775807)
            ORDER BY log_number LIMIT rows_max);
        GET DIAGNOSTICS entries = ROW_COUNT;
        DELETE FROM marketdata.alerts WHERE alert_id IN (
            SELECT alert_id FROM marketdata.alerts WHERE state <> 1 AND ended_ns < before_ns
            ORDER BY ended_ns LIMIT rows_max);
        GET DIAGNOSTICS ended = ROW_COUNT;
        RETURN greatest(entries, ended);
    END $$
    """,
    "REVOKE ALL ON FUNCTION marketdata.cut_alerts(bigint, integer) FROM PUBLIC",
)


def upgrade() -> None:
    """Make the function and what guards the log."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the tables are a record."""
    raise NotImplementedError("alerts and their log are a record: restore a backup instead")
