"""SQL of the price history."""

# ruff: noqa: S608 - statements are put together from constants of this file only

from typing import Final

WRITER_LOCK: Final = 0x4F4D_4849
"""One writer at a time over all replicas; "OMHI"."""

LOCK: Final = "SELECT pg_advisory_xact_lock($1)"

TRADE_COLUMNS: Final = (
    "instrument_id", "at_ns", "order_ns", "key", "price", "size", "aggressor", "off_market",
    "counts", "withdrawn", "amended_ns",
)  # fmt: skip
_TRADE: Final = """t.instrument_id, t.at_ns, t.order_ns, t.key, t.price::text, t.size::text,
    t.aggressor, t.off_market, t.counts, t.withdrawn, t.amended_ns"""

STORED: Final = f"""
SELECT {_TRADE} FROM unnest($1::text[], $2::text[]) AS k(instrument_id, key)
JOIN marketdata.trades t USING (instrument_id, key) WHERE t.at_ns >= $3
"""

NEWEST: Final = """
SELECT i.id, t.price::text, t.size::text FROM unnest($1::text[]) AS i(id) CROSS JOIN LATERAL (
    SELECT price, size FROM marketdata.trades
    WHERE instrument_id = i.id AND at_ns >= $2 AND NOT withdrawn
    ORDER BY at_ns DESC, order_ns DESC LIMIT 1) AS t
"""

AMEND: Final = """
UPDATE marketdata.trades t SET price = n.price, size = n.size, off_market = n.off_market,
    withdrawn = n.withdrawn, amended_ns = n.amended_ns
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::numeric[],
    $7::smallint[], $8::boolean[], $9::bigint[]) AS n(instrument_id, at_ns, order_ns, key, price,
    size, off_market, withdrawn, amended_ns)
WHERE (t.instrument_id, t.at_ns, t.order_ns, t.key)
    = (n.instrument_id, n.at_ns, n.order_ns, n.key)
"""

LOG_TRADES: Final = f"""
WITH changed AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::numeric[],
        $7::numeric[], $8::smallint[], $9::smallint[], $10::boolean[], $11::boolean[],
        $12::bigint[]) WITH ORDINALITY AS c({", ".join(TRADE_COLUMNS)}, place)
), heads AS (
    INSERT INTO marketdata.trade_log_heads AS h (instrument_id, last_sequence)
    SELECT instrument_id, count(*) FROM changed GROUP BY 1 ORDER BY 1
    ON CONFLICT (instrument_id) DO UPDATE SET
        last_sequence = h.last_sequence + excluded.last_sequence
    RETURNING instrument_id, last_sequence
)
INSERT INTO marketdata.trade_log (logged_ns, sequence, {", ".join(TRADE_COLUMNS)})
SELECT $1, h.last_sequence + 1 - row_number() OVER (PARTITION BY instrument_id ORDER BY place DESC),
    {", ".join(f"c.{name}" for name in TRADE_COLUMNS)}
FROM changed c JOIN heads h USING (instrument_id) ORDER BY c.place
"""
"""Numbers each listing's own entries without a gap, and all of them in the order given."""

# Open and close are the first and the last trade in the order of the reports, as in live candles.
_FIGURES: Final = """
    (array_agg(t.price ORDER BY t.order_ns, t.key))[1]::numeric(60, 9)::text AS open,
    max(t.price)::numeric(60, 9)::text AS high, min(t.price)::numeric(60, 9)::text AS low,
    (array_agg(t.price ORDER BY t.order_ns DESC, t.key DESC))[1]::numeric(60, 9)::text AS close,
    sum(t.size)::numeric(60, 9)::text AS volume,
    sum(t.price * t.size)::numeric(90, 18)::text AS turnover, count(*) AS trade_count
"""

CANDLES: Final = f"""
SELECT t.instrument_id, t.at_ns - t.at_ns % $1 AS start_ns, {_FIGURES}
FROM marketdata.trades t
WHERE t.instrument_id = ANY($2) AND t.at_ns >= $3 AND t.at_ns < $4 AND t.counts AND NOT t.withdrawn
GROUP BY 1, 2 ORDER BY 1, 2
"""

ALL_CANDLES: Final = f"""
SELECT t.instrument_id, t.at_ns - t.at_ns % $1 AS start_ns, {_FIGURES}
FROM marketdata.trades t
WHERE t.at_ns >= $2 AND t.at_ns < $3 AND t.counts AND NOT t.withdrawn
GROUP BY 1, 2 ORDER BY 1, 2
"""

CANDLES_OF_HOURS: Final = f"""
SELECT t.instrument_id, t.at_ns - t.at_ns % $1 AS start_ns, {_FIGURES}
FROM unnest($2::text[], $3::bigint[]) AS h(instrument_id, start_ns)
JOIN marketdata.trades t ON t.instrument_id = h.instrument_id
    AND t.at_ns >= h.start_ns AND t.at_ns < h.start_ns + $4::bigint
WHERE t.counts AND NOT t.withdrawn
GROUP BY 1, 2 ORDER BY 1, 2
"""

FORGET_HOURS: Final = """
DELETE FROM marketdata.candle_hours c USING unnest($1::text[], $2::bigint[]) AS h(id, start_ns)
WHERE c.instrument_id = h.id AND c.start_ns = h.start_ns
"""

PUT_HOURS: Final = """
INSERT INTO marketdata.candle_hours (instrument_id, start_ns, body)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])
ON CONFLICT (instrument_id, start_ns) DO UPDATE SET body = excluded.body
"""

PACKED_UNTIL: Final = "SELECT until_ns FROM marketdata.candles_packed"
SET_PACKED_UNTIL: Final = "UPDATE marketdata.candles_packed SET until_ns = $1"

RECORDED: Final = "SELECT until_ns FROM marketdata.recorded WHERE venue_mic = $1"
SET_RECORDED: Final = """
INSERT INTO marketdata.recorded (venue_mic, until_ns) VALUES ($1, $2)
ON CONFLICT (venue_mic) DO UPDATE SET until_ns = greatest(recorded.until_ns, excluded.until_ns)
"""
ADD_GAP: Final = """
INSERT INTO marketdata.history_gaps (venue_mic, from_ns, until_ns, cause, dropped_trades)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (venue_mic, from_ns, cause) DO UPDATE SET
    until_ns = greatest(history_gaps.until_ns, excluded.until_ns),
    dropped_trades = greatest(history_gaps.dropped_trades, excluded.dropped_trades)
"""
CLOSE_GAPS: Final = """
DELETE FROM marketdata.history_gaps
WHERE venue_mic = $1 AND cause = $2 AND from_ns >= $3 AND until_ns <= $4
"""
FORGET_GAPS: Final = "DELETE FROM marketdata.history_gaps WHERE until_ns < $1"

QUOTE_BLOCKS_OF: Final = """
SELECT q.instrument_id, q.start_ns, q.body
FROM unnest($1::text[], $2::bigint[]) AS k(instrument_id, start_ns)
JOIN marketdata.quote_blocks q USING (instrument_id, start_ns)
"""
SET_QUOTES: Final = """
UPDATE marketdata.quote_blocks q SET body = n.body
FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS n(instrument_id, start_ns, body)
WHERE (q.instrument_id, q.start_ns) = (n.instrument_id, n.start_ns)
"""

PUT_LAST_QUOTES: Final = """
INSERT INTO marketdata.last_quotes AS q (instrument_id, at_ms, body)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
ON CONFLICT (instrument_id) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body,
    log_number = nextval('marketdata.last_quote_numbers'), sequence = q.sequence + 1
WHERE excluded.at_ms > q.at_ms
"""

PARTITIONS: Final = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent IN ('marketdata.trades'::regclass, 'marketdata.candle_hours'::regclass,
    'marketdata.quote_blocks'::regclass, 'marketdata.trade_log'::regclass)
"""
LOCK_BRIEFLY: Final = "SET LOCAL lock_timeout = '500ms'"
ADD_PARTITION: Final = "SELECT marketdata.add_history_partition($1, $2)"
DROP_PARTITIONS: Final = "SELECT marketdata.drop_history_partitions($1, $2)"

# Reading

KNOWN: Final = """
SELECT i.id FROM unnest($1::text[]) AS i(id)
WHERE EXISTS (SELECT FROM marketdata.candle_hours c WHERE c.instrument_id = i.id)
    OR EXISTS (SELECT FROM marketdata.trades t WHERE t.instrument_id = i.id)
"""

# In no order.
HOURS: Final = """
SELECT instrument_id, start_ns, body FROM marketdata.candle_hours
WHERE instrument_id = ANY($1) AND start_ns >= $2 AND start_ns < $3
"""

LAST_HOURS: Final = """
SELECT i.id, h.start_ns, h.body FROM unnest($1::text[]) AS i(id) CROSS JOIN LATERAL (
    SELECT start_ns, body FROM marketdata.candle_hours
    WHERE instrument_id = i.id AND start_ns < $2 ORDER BY start_ns DESC LIMIT $3) AS h
"""

TRADES: Final = f"""
SELECT {_TRADE} FROM marketdata.trades t
WHERE t.instrument_id = $1 AND t.at_ns >= $2 AND t.at_ns < $5
    AND (t.at_ns, t.order_ns, t.key) > ($2, $3, $4) AND NOT t.withdrawn
ORDER BY t.at_ns, t.order_ns, t.key LIMIT $6
"""

LAST_TRADES: Final = f"""
SELECT {_TRADE} FROM unnest($1::text[]) AS i(id) CROSS JOIN LATERAL (
    SELECT * FROM marketdata.trades
    WHERE instrument_id = i.id AND at_ns < $2 AND NOT withdrawn
    ORDER BY at_ns DESC, order_ns DESC, key DESC LIMIT $3) AS t
ORDER BY t.instrument_id, t.at_ns, t.order_ns, t.key
"""

TRADES_BETWEEN: Final = f"""
SELECT {_TRADE} FROM marketdata.trades t
WHERE t.instrument_id = ANY($1) AND t.at_ns >= $2 AND t.at_ns < $3 AND NOT t.withdrawn
ORDER BY t.at_ns, t.order_ns, t.instrument_id, t.key LIMIT $4
"""

QUOTES_BETWEEN: Final = """
SELECT instrument_id, start_ns, body FROM marketdata.quote_blocks
WHERE instrument_id = ANY($1) AND start_ns > $2 AND start_ns < $3 ORDER BY start_ns LIMIT $4
"""
# Two blocks: the newest one may begin before the time and have quotes after it only.
LAST_QUOTES: Final = """
SELECT i.id, q.body FROM unnest($1::text[]) AS i(id) CROSS JOIN LATERAL (
    SELECT start_ns, body FROM marketdata.quote_blocks
    WHERE instrument_id = i.id AND start_ns < $2 ORDER BY start_ns DESC LIMIT 2) AS q
ORDER BY 1, q.start_ns
"""

GAPS: Final = """
SELECT * FROM (
    SELECT venue_mic, from_ns, until_ns, cause, dropped_trades FROM marketdata.history_gaps
    WHERE venue_mic = ANY($1) AND until_ns >= $2 AND from_ns < $3
    ORDER BY from_ns DESC LIMIT $4) AS newest
ORDER BY from_ns, venue_mic
"""

# The ids that listings had: each change of symbol leads to the listing before it. The state 3 is
# that of a withdrawn action, the kind 2 a change of symbol.
RENAMES: Final = """
WITH RECURSIVE line AS (
    SELECT id AS asked, id COLLATE "C" AS listing, NULL::date AS until, 0 AS depth
    FROM unnest($1::text[]) AS i (id)
    UNION ALL
    SELECT l.asked, a.instrument_id, a.effective_date, l.depth + 1
    FROM line l CROSS JOIN LATERAL (
        SELECT instrument_id, effective_date FROM marketdata.corporate_actions
        WHERE kind = 2 AND state <> 3 AND effective_date <= $2
            AND (body->>'new_symbol') || right(instrument_id, 5) = l.listing
            AND (l.until IS NULL OR effective_date < l.until)
        ORDER BY effective_date DESC LIMIT 1) AS a
    WHERE l.depth < $3
)
SELECT asked, listing, until FROM line WHERE depth > 0 ORDER BY asked, depth
"""
SPLITS: Final = """
SELECT a.instrument_id, a.effective_date, a.action_id, c.body->>'new_shares', c.body->>'old_shares'
FROM marketdata.adjustments a JOIN marketdata.corporate_actions c USING (action_id)
WHERE a.instrument_id = ANY($1) AND a.effective_date <= $2 ORDER BY 2, 3
"""
