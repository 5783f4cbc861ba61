"""The views that the roles of readers may read are those that the readers need."""

import pytest

from deploy.processes import PROCESSES
from eventlog.logs import SCHEMA_OF
from eventlog.rights import READS, ReaderName, grants
from svc_notify.service.reading.pages import READERS
from svc_relay.service.relay import RELAYED

LOGS = {ReaderName.RELAY: RELAYED, ReaderName.NOTIFY: tuple(READERS)}
NO_LOGS = {
    ReaderName.RELAY: set(),
    ReaderName.NOTIFY: {("oms", "order_rows"), ("identity", "users")},
}
"""What else a reader needs."""


@pytest.mark.parametrize("reader", ReaderName)
def test_a_reader_may_read_its_logs_and_what_is_named_here(reader):
    granted = {(schema, view) for schema, views in READS[reader].items() for view in views}
    logs = {(SCHEMA_OF[log], log.value) for log in LOGS[reader]}
    heads = {(schema, "heads") for schema, _ in logs}
    assert granted == logs | heads | NO_LOGS[reader]


@pytest.mark.parametrize("reader", ReaderName)
def test_a_reader_is_granted_something_in_each_schema_that_the_list_of_processes_names(reader):
    (process,) = [one for one in PROCESSES if one.service == reader]
    assert set(READS[reader]) == set(process.reads_logs)


def test_earlier_rights_are_taken_away_first():
    assert grants("identity", ReaderName.NOTIFY, '"reader"') == [
        'REVOKE ALL ON ALL TABLES IN SCHEMA identity FROM "reader"',
        'GRANT USAGE ON SCHEMA identity TO "reader"',
        'GRANT SELECT ON identity.relayed_users TO "reader"',
    ]
