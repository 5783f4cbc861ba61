"""Records of routing decisions, and venues that are out of routing."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE oms.routing_decisions (
        -- Of the routed order.
        order_id text COLLATE "C" NOT NULL,
        number integer NOT NULL,
        account_id text COLLATE "C" NOT NULL,
        decided_at timestamptz NOT NULL,
        -- Everything that the decision took in and gave out, as JSON.
        record bytea NOT NULL,
        -- SHA-256 of it, as in the event RoutingDecided, which the hash chain covers.
        record_hash bytea NOT NULL,
        PRIMARY KEY (order_id, number)
    )""",
    """
    CREATE TRIGGER routing_decisions_written_once BEFORE UPDATE ON oms.routing_decisions
        FOR EACH ROW EXECUTE FUNCTION oms.refuse_rewrite()""",
    """
    CREATE TABLE oms.routing_venues (
        venue_mic text COLLATE "C" PRIMARY KEY,
        out_until timestamptz NOT NULL,
        text text NOT NULL
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
