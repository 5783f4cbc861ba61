"""Pages of rows sorted by a ULID, newest first, with a bound on the rows that are read.

A filter that no index serves may match one row in a million. Such a page reads a number of rows and
ends there, with fewer rows than were asked for, or none; the next page begins where it ended.

Statements are put together from constants only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from kernel.nanoseconds import NS_PER_US
from kernel.ulid import first_ulid

# A row's time and that of its id differ: an id is made when a request arrives and its row's time
# when it is decided; and ids never go back when the clock does.
ID_TIME_MARGIN_US = 3_600 * 1_000_000


class Scan(NamedTuple):
    """What is read, in the order of an index, and which of it is wanted."""

    table: str
    key: str
    """The column with the ULID, which is unique."""
    columns: str
    """Of the rows that are returned; the key is the first."""
    narrow: str
    """The key, and what the filters compare."""
    ids: str
    """A range of the key."""
    filters: str
    """Conditions that no index serves; "true" if there is none."""
    parameters: Sequence[Any]
    part: str = ""
    """A column in front of the key in an index: the rows of each of its values are read by
    themselves. Empty: all rows are read by the key."""
    part_order: str = "ASC"
    """How the part is ordered in that index where the key is descending."""
    values: str = ""
    """The values of the part, as something that FROM takes."""
    values_count: int = 1
    """How many values there are; 1 if that is not known: each is then read up to the bound."""


class Found(NamedTuple):
    """A page, and where the next one begins."""

    rows: list[tuple[Any, ...]]
    next_after: str


def id_range(from_us: int, until_us: int) -> tuple[str, str]:
    """Return the ids between which rows of a time are; empty where there is no bound."""
    low = first_ulid((from_us - ID_TIME_MARGIN_US) * NS_PER_US) if from_us else ""
    return low, first_ulid((until_us + ID_TIME_MARGIN_US) * NS_PER_US) if until_us else ""


def statement(scan: Scan, limit: int, rows_read_max: int) -> str:
    """Return the statement of a page; its rows have the id that the scan reached before them.

    Args:
        scan: What is read.
        limit: Rows of the page; one more is read, to know whether there is a next page.
        rows_read_max: Rows that are looked at; 0 is no bound.
    """
    key = scan.key
    if scan.filters == "true":
        window = limit + 1
    else:
        window = rows_read_max and max(limit + 1, rows_read_max // max(scan.values_count, 1))
    return f"""
    WITH scanned AS MATERIALIZED ({_source(scan, f"LIMIT {window}" if window else "")}
    ), reached AS (
        -- All parts were read down to here.
        SELECT max(low) AS id FROM (SELECT min({key}) AS low FROM scanned
            GROUP BY part HAVING count(*) = {window}) AS cut
    ), matched AS (
        SELECT {key} FROM scanned, reached
        WHERE {scan.filters} AND {key} >= coalesce(reached.id, '')
        ORDER BY {key} DESC LIMIT {limit + 1}
    )
    SELECT reached.id, found.* FROM reached LEFT JOIN (
        SELECT {scan.columns} FROM matched JOIN {scan.table} USING ({key})
    ) AS found ON true ORDER BY found.{key} DESC"""


def _source(scan: Scan, window: str) -> str:
    if not scan.part:
        return f"""
        SELECT '' AS part, rows.* FROM (SELECT {scan.narrow} FROM {scan.table}
            WHERE {scan.ids} ORDER BY {scan.key} DESC {window}) AS rows"""
    # As an array, so that the planner takes the order of the part for one: then only the index that
    # begins with the part has it, and no other row is read.
    return f"""
        SELECT value::text AS part, rows.* FROM {scan.values} AS parts (value) CROSS JOIN LATERAL (
            SELECT {scan.narrow} FROM {scan.table}
            WHERE {scan.part} = ANY(ARRAY[value]) AND {scan.ids}
            ORDER BY {scan.part} {scan.part_order}, {scan.key} DESC {window}) AS rows"""


async def fetch(pool: asyncpg.Pool, scan: Scan, limit: int, rows_read_max: int) -> Found:
    """Read a page."""
    found = await pool.fetch(statement(scan, limit, rows_read_max), *scan.parameters)
    rows = [tuple(row)[1:] for row in found if row[1] is not None]
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1][0])
    return Found(rows, found[0][0] or "")
