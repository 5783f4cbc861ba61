"""Persons settle parked messages; statements wait for a second person; an index by OrderID(37)."""

from alembic import op
from sqlalchemy import text

from ordermesh.oms.v1 import order_pb2

revision = "0018"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    # State is ParkedState: 1 open, 2 applied, 3 discarded.
    """
    ALTER TABLE oms.parked_messages
        ADD COLUMN state smallint NOT NULL DEFAULT 1,
        ADD COLUMN settled_at timestamptz,
        ADD COLUMN settled_by text NOT NULL DEFAULT '',
        ADD COLUMN settled_by_name text NOT NULL DEFAULT '',
        ADD COLUMN reason text NOT NULL DEFAULT ''""",
    "CREATE INDEX parked_messages_open ON oms.parked_messages (parked_id) WHERE state = 1",
    """
    CREATE INDEX parked_messages_account ON oms.parked_messages (account_id, parked_id)
        WHERE account_id IS NOT NULL""",
    """
    CREATE INDEX parked_messages_order ON oms.parked_messages (order_id, parked_id)
        WHERE order_id IS NOT NULL""",
    """
    CREATE TABLE oms.statements (
        statement_id text COLLATE "C" PRIMARY KEY,
        order_id text COLLATE "C" NOT NULL,
        account_id text COLLATE "C" NOT NULL,
        -- StatementState: 1 proposed, 2 confirmed, 3 declined.
        state smallint NOT NULL,
        expires_at timestamptz NOT NULL,
        -- The request as protobuf ordermesh.oms.v1.ResolveRequest.
        request bytea NOT NULL,
        -- protobuf ordermesh.oms.v1.Statement.
        body bytea NOT NULL
    )""",
    "CREATE INDEX statements_proposed ON oms.statements (statement_id) WHERE state = 1",
    "CREATE INDEX statements_order ON oms.statements (order_id, statement_id)",
    # A row is added when a venue first reports an OrderID(37) of an order, and never changed. So
    # the updates of an order touch no index for it.
    """
    CREATE TABLE oms.venue_order_ids (
        venue_mic text COLLATE "C" NOT NULL,
        venue_order_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        PRIMARY KEY (venue_mic, venue_order_id, order_id)
    )""",
    """
    CREATE INDEX orders_unsolicited_newest ON oms.orders (venue_mic, order_id)
        WHERE unsolicited_key <> ''""",
)

READ_ORDERS = 1000
ORDERS = """
SELECT order_id, venue_mic, body FROM oms.orders WHERE order_id > :after
    AND (is_open OR closed_at > now() - interval '2 days')
ORDER BY order_id LIMIT :most
"""
ADD_ID = """
INSERT INTO oms.venue_order_ids VALUES (:venue_mic, :venue_order_id, :order_id)
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    connection, after = op.get_bind(), ""
    while True:
        page = {"after": after, "most": READ_ORDERS}
        rows = connection.execute(text(ORDERS), page).fetchall()
        if not rows:
            return
        for order_id, venue_mic, body in rows:
            after = order_id
            venue_order_id = order_pb2.Order.FromString(bytes(body)).venue_order_id
            if venue_order_id:
                named = {
                    "venue_mic": venue_mic,
                    "venue_order_id": venue_order_id,
                    "order_id": order_id,
                }
                connection.execute(text(ADD_ID), named)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
