"""Users, sessions with their refresh tokens, failed logins."""  # noqa: INP001

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE identity.users (
        user_id       text PRIMARY KEY CHECK (length(user_id) = 26),
        username      text NOT NULL UNIQUE CHECK (username = lower(username)),
        display_name  text NOT NULL,
        password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
        roles         text[] NOT NULL CHECK (
            roles <@ ARRAY['VIEWER', 'TRADER', 'OPERATOR', 'AUDITOR'] AND cardinality(roles) > 0
        ),
        accounts      text[] NOT NULL,
        disabled      boolean NOT NULL
    )
    """,
    """
    CREATE TABLE identity.sessions (
        session_id    text PRIMARY KEY,
        user_id       text NOT NULL REFERENCES identity.users,
        created_at_ns bigint NOT NULL,
        expires_at_ns bigint NOT NULL,
        ended         text
    )
    """,
    "CREATE INDEX sessions_user ON identity.sessions (user_id, created_at_ns)",
    "CREATE INDEX sessions_expiry ON identity.sessions (expires_at_ns)",
    """
    CREATE TABLE identity.refresh_tokens (
        token_hash    bytea PRIMARY KEY CHECK (length(token_hash) = 32),
        session_id    text NOT NULL REFERENCES identity.sessions ON DELETE CASCADE,
        expires_at_ns bigint NOT NULL,
        used          boolean NOT NULL
    )
    """,
    "CREATE INDEX refresh_tokens_session ON identity.refresh_tokens (session_id)",
    """
    CREATE TABLE identity.login_failures (
        key               text PRIMARY KEY,
        failures          integer NOT NULL CHECK (failures > 0),
        last_failed_at_ns bigint NOT NULL
    )
    """,
    "CREATE INDEX login_failures_age ON identity.login_failures (last_failed_at_ns)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for table in ("login_failures", "refresh_tokens", "sessions", "users"):
        op.execute(f"DROP TABLE identity.{table}")
