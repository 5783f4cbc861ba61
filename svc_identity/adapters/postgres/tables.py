"""The tables for queries; migrations/ creates them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

SCHEMA = "identity"
NOW_NS = sa.literal_column("(extract(epoch FROM clock_timestamp()) * 1e9)::bigint", sa.BigInteger)
"""The database's clock, the same for all replicas."""
metadata = sa.MetaData(schema=SCHEMA)

users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("accounts", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("price_rights", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("changed_at_ns", sa.BigInteger, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey(users.c.user_id), nullable=False),
    sa.Column("created_at_ns", sa.BigInteger, nullable=False),
    sa.Column("expires_at_ns", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.Text),
    sa.Column("ended_at_ns", sa.BigInteger),
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column(
        "session_id",
        sa.Text,
        sa.ForeignKey(sessions.c.session_id, ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("expires_at_ns", sa.BigInteger, nullable=False),
    sa.Column("used", sa.Boolean, nullable=False),
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_failed_at_ns", sa.BigInteger, nullable=False),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("entry_id", sa.Text, nullable=False, unique=True),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("act", sa.SmallInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
)

setting_heads = sa.Table(
    "setting_heads",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("last_revision", sa.BigInteger, nullable=False),
    sa.Column("forgotten", sa.BigInteger, nullable=False),
    sa.Column("window_began_ns", sa.BigInteger, nullable=False),
    sa.Column("window_changes", sa.Integer, nullable=False),
)

user_settings = sa.Table(
    "user_settings",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("changed_at_ns", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary),
)

settings_epoch = sa.Table(
    "settings_epoch",
    metadata,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
)
