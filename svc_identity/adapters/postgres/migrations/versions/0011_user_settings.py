"""Settings of users: layouts, watchlists, preferences, blotters."""  # noqa: INP001

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    # A setting that was removed has no body.
    """
    CREATE TABLE identity.user_settings (
        user_id       text COLLATE "C" NOT NULL,
        kind          smallint NOT NULL CHECK (kind > 0),
        name          text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
        revision      bigint NOT NULL CHECK (revision > 0),
        changed_at_ns bigint NOT NULL,
        body          bytea,
        PRIMARY KEY (user_id, kind, name),
        UNIQUE (user_id, revision)
    )
    """,
    """
    CREATE TABLE identity.setting_heads (
        user_id         text COLLATE "C" PRIMARY KEY,
        last_revision   bigint NOT NULL CHECK (last_revision >= 0),
        forgotten       bigint NOT NULL CHECK (forgotten BETWEEN 0 AND last_revision),
        window_began_ns bigint NOT NULL,
        window_changes  integer NOT NULL
    )
    """,
    # The epoch of the revisions: that of this database.
    """
    CREATE TABLE identity.settings_epoch (
        one   boolean PRIMARY KEY DEFAULT true CHECK (one),
        epoch text NOT NULL
    )
    """,
    """
    INSERT INTO identity.settings_epoch (epoch) VALUES (replace(gen_random_uuid()::text, '-', ''))
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them, with what users have set."""
    op.execute("DROP TABLE identity.user_settings, identity.setting_heads, identity.settings_epoch")
