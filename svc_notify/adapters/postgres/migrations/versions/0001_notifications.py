"""Notifications, how far the logs are read, rules, destinations, and messages that wait."""  # noqa: INP001

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    # Times are UTC nanoseconds; kinds, severities and states are the numbers of the contract. One
    # row: the last sequence, and the epoch of the sequences, that of this database. Whoever writes
    # notifications has locked it.
    """
    CREATE TABLE notify.feed (
        one           boolean PRIMARY KEY DEFAULT true CHECK (one),
        epoch         text NOT NULL,
        last_sequence bigint NOT NULL DEFAULT 0 CHECK (last_sequence >= 0)
    )
    """,
    "INSERT INTO notify.feed (epoch) VALUES (replace(gen_random_uuid()::text, '-', ''))",
    # How far each log is read, written with the notifications that its entries made.
    """
    CREATE TABLE notify.positions (
        log        text COLLATE "C" PRIMARY KEY,
        log_number bigint NOT NULL CHECK (log_number >= 0),
        hash       bytea NOT NULL
    )
    """,
    # The lease of the process that reads the logs and sends; `until` is by the database's clock.
    """
    CREATE TABLE notify.owner (
        one    boolean PRIMARY KEY DEFAULT true CHECK (one),
        holder text COLLATE "C" NOT NULL DEFAULT '',
        until  timestamptz NOT NULL DEFAULT 'epoch'
    )
    """,
    "INSERT INTO notify.owner DEFAULT VALUES",
    # Audience: 1 who may see the account, 2 the user, 3 everyone, 4 RISK, AUDITOR and OPERATOR.
    """
    CREATE TABLE notify.notifications (
        sequence        bigint PRIMARY KEY,
        notification_id text COLLATE "C" NOT NULL UNIQUE CHECK (length(notification_id) = 26),
        kind            smallint NOT NULL,
        severity        smallint NOT NULL,
        audience        smallint NOT NULL,
        occurred_ns     bigint NOT NULL,
        created_ns      bigint NOT NULL,
        text            text NOT NULL CHECK (length(text) BETWEEN 1 AND 500),
        account_id      text COLLATE "C" NOT NULL,
        user_id         text COLLATE "C" NOT NULL,
        order_id        text COLLATE "C" NOT NULL,
        instrument_id   text COLLATE "C" NOT NULL,
        venue_mic       text COLLATE "C" NOT NULL,
        session_id      text COLLATE "C" NOT NULL,
        object_id       text COLLATE "C" NOT NULL,
        amount          text NOT NULL,
        CHECK ((audience = 1) = (account_id <> '') OR audience = 2),
        CHECK ((audience = 2) = (user_id <> ''))
    )
    """,
    "CREATE INDEX notifications_account ON notify.notifications (account_id, sequence)",
    """
    CREATE INDEX notifications_user ON notify.notifications (user_id, sequence)
        WHERE user_id <> ''
    """,
    "CREATE INDEX notifications_age ON notify.notifications (created_ns)",
    # What a user has read: everything up to a sequence, and single ones after it. `number` counts
    # the changes of the user, so that a stream sees each.
    """
    CREATE TABLE notify.readers (
        user_id     text COLLATE "C" PRIMARY KEY,
        number      bigint NOT NULL,
        up_to       bigint NOT NULL DEFAULT 0,
        up_to_ns    bigint NOT NULL DEFAULT 0,
        up_to_since bigint NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE notify.reads (
        user_id  text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        read_ns  bigint NOT NULL,
        number   bigint NOT NULL,
        PRIMARY KEY (user_id, sequence)
    )
    """,
    "CREATE INDEX reads_number ON notify.reads (user_id, number)",
    # Orders whose state at the venue is unknown: a notification is due unless it is known by then.
    """
    CREATE TABLE notify.deadlines (
        order_id      text COLLATE "C" PRIMARY KEY,
        account_id    text COLLATE "C" NOT NULL,
        instrument_id text COLLATE "C" NOT NULL,
        venue_mic     text COLLATE "C" NOT NULL,
        since_ns      bigint NOT NULL,
        due_ns        bigint NOT NULL,
        text          text NOT NULL
    )
    """,
    "CREATE INDEX deadlines_due ON notify.deadlines (due_ns)",
    # What is notified once although several entries say it.
    """
    CREATE TABLE notify.once (
        key   text COLLATE "C" PRIMARY KEY,
        at_ns bigint NOT NULL
    )
    """,
    # Rules and destinations as protobuf of the contract.
    """
    CREATE TABLE notify.rules (
        rule_id  text COLLATE "C" PRIMARY KEY,
        version  integer NOT NULL CHECK (version > 0),
        owner    text COLLATE "C" NOT NULL,
        firm     boolean NOT NULL,
        body     bytea NOT NULL
    )
    """,
    "CREATE INDEX rules_owner ON notify.rules (owner, rule_id)",
    """
    CREATE TABLE notify.destinations (
        destination_id text COLLATE "C" PRIMARY KEY,
        version        integer NOT NULL CHECK (version > 0),
        user_id        text COLLATE "C" NOT NULL,
        paused         boolean NOT NULL,
        body           bytea NOT NULL,
        secret         text NOT NULL,
        state          smallint NOT NULL DEFAULT 0,
        cause          text NOT NULL DEFAULT ''
    )
    """,
    # Every version of both, and who made it: append-only. An empty body is a removal.
    """
    CREATE TABLE notify.changes (
        number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind      text NOT NULL CHECK (kind IN ('rule', 'destination')),
        object_id text COLLATE "C" NOT NULL,
        version   integer NOT NULL,
        by_user   text NOT NULL,
        at_ns     bigint NOT NULL,
        body      bytea NOT NULL,
        UNIQUE (kind, object_id, version)
    )
    """,
    """
    CREATE FUNCTION notify.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END $$
    """,
    """
    CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notify.changes
        FOR EACH STATEMENT EXECUTE FUNCTION notify.refuse_change()
    """,
    """
    CREATE TABLE notify.keys (
        user_id   text COLLATE "C" NOT NULL,
        key       text COLLATE "C" NOT NULL,
        digest    bytea NOT NULL,
        object_id text COLLATE "C" NOT NULL,
        PRIMARY KEY (user_id, key)
    )
    """,
    # Messages that wait to be sent, or that were given up (dead_ns). A message has at most 100
    # sequences; `counts` has the number of notifications by kind. attempts > 0: nothing is added.
    """
    CREATE TABLE notify.outbox (
        message_id     text COLLATE "C" PRIMARY KEY CHECK (length(message_id) = 26),
        rule_id        text COLLATE "C" NOT NULL,
        rule_name      text NOT NULL,
        destination_id text COLLATE "C" NOT NULL,
        urgent         boolean NOT NULL,
        created_ns     bigint NOT NULL,
        due_ns         bigint NOT NULL,
        sequences      bigint[] NOT NULL CHECK (cardinality(sequences) BETWEEN 1 AND 100),
        counts         integer[] NOT NULL,
        attempts       integer NOT NULL DEFAULT 0,
        claimed_until  timestamptz NOT NULL DEFAULT 'epoch',
        cause          text NOT NULL DEFAULT '',
        dead_ns        bigint NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE UNIQUE INDEX outbox_collects ON notify.outbox (rule_id, destination_id, urgent)
        WHERE attempts = 0 AND dead_ns = 0
    """,
    "CREATE INDEX outbox_due ON notify.outbox (due_ns) WHERE dead_ns = 0",
    "CREATE INDEX outbox_dead ON notify.outbox (message_id) WHERE dead_ns > 0",
    # Messages of a rule to a destination within the present hour.
    """
    CREATE TABLE notify.paces (
        rule_id        text COLLATE "C" NOT NULL,
        destination_id text COLLATE "C" NOT NULL,
        hour_ns        bigint NOT NULL,
        messages       integer NOT NULL,
        PRIMARY KEY (rule_id, destination_id)
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was notified is a record."""
    raise NotImplementedError("notifications are a record: restore a backup instead")
