"""Names beside the ids of who did something, and those who may enter orders as they call."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What somebody was called is kept with what they did: null where nobody noted it.
    op.execute("""
        ALTER TABLE oms.kill_switches
            ADD COLUMN engaged_by_name text,
            ADD COLUMN release_proposed_by_name text,
            ADD COLUMN released_by_name text
    """)
    op.execute("""
        CREATE TABLE oms.people (
            -- Subject of a token that was good for a call, and what it was called last.
            subject text COLLATE "C" PRIMARY KEY,
            username text NOT NULL,
            seen_at timestamptz NOT NULL DEFAULT now()
        )""")
    # Whoever was refused something once is known from there; others when they call again.
    op.execute("""
        INSERT INTO oms.people (subject, username)
        SELECT DISTINCT actor, '' FROM oms.audit_log
        WHERE kind = 1 AND actor <> '' AND actor <> 'oms' AND actor NOT LIKE 'oms:%'""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
