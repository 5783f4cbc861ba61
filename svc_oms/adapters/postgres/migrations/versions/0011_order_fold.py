"""The fold of an order becomes a protobuf message, and orders.told_as gets its proper name."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# ordermesh.oms.internal.v1.OrderFold as protobuf writes it, from the text that the fold was until
# now: base_state|notional|request_count|pending_cancel_id|pending_replace_id|in_doubt|awaited_cum,
# in_doubt with commas, and perhaps "|on word". Protobuf leaves out what is zero or empty.
FUNCTIONS = """
CREATE FUNCTION oms.fold_varint(value bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    rest bigint := value;
    written bytea := '';
BEGIN
    WHILE rest > 127 LOOP
        written := written || set_byte('\\x00'::bytea, 0, (rest % 128)::int + 128);
        rest := rest / 128;
    END LOOP;
    RETURN written || set_byte('\\x00'::bytea, 0, rest::int);
END $$;
CREATE FUNCTION oms.fold_text(tag bytea, value text) RETURNS bytea LANGUAGE sql AS $$
    SELECT CASE WHEN value = '' THEN ''::bytea
        ELSE tag || oms.fold_varint(octet_length(value)) || convert_to(value, 'UTF8') END
$$;
CREATE FUNCTION oms.fold_message(fold text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    parts text[] := string_to_array(fold, '|');
    doubt text;
    doubts bytea := '';
BEGIN
    FOREACH doubt IN ARRAY string_to_array(parts[6], ',') LOOP
        doubts := doubts || oms.fold_text('\\x32', doubt);
    END LOOP;
    RETURN '\\x08'::bytea || oms.fold_varint(parts[1]::bigint)
        || oms.fold_text('\\x12', CASE WHEN parts[2]::numeric = 0 THEN '' ELSE parts[2] END)
        || CASE WHEN parts[3] = '0' THEN ''::bytea
            ELSE '\\x18'::bytea || oms.fold_varint(parts[3]::bigint) END
        || oms.fold_text('\\x22', parts[4]) || oms.fold_text('\\x2a', parts[5]) || doubts
        || oms.fold_text('\\x3a', CASE WHEN parts[7]::numeric = 0 THEN '' ELSE parts[7] END)
        || CASE WHEN parts[8] = 'on word' THEN '\\x4001'::bytea ELSE ''::bytea END;
END $$;
"""


def upgrade() -> None:
    for function in FUNCTIONS.split("\nCREATE "):
        if function.strip():
            op.execute(f"CREATE {function.removeprefix('CREATE ')}")
    op.execute("ALTER TABLE oms.orders ALTER COLUMN fold TYPE bytea USING oms.fold_message(fold)")
    for name in ("fold_message(text)", "fold_text(bytea, text)", "fold_varint(bigint)"):
        op.execute(f"DROP FUNCTION oms.{name}")
    op.execute("ALTER TABLE oms.orders RENAME COLUMN told_as TO unsolicited_key")
    op.execute("ALTER INDEX oms.orders_told RENAME TO orders_unsolicited")
    op.execute("""
        COMMENT ON COLUMN oms.orders.fold IS
            'protobuf ordermesh.oms.internal.v1.OrderFold: what body lacks to fold more events'""")
    op.execute("""
        COMMENT ON COLUMN oms.orders.venue_mic IS
            'empty, like instrument_id, while the venue of the order is not known'""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
