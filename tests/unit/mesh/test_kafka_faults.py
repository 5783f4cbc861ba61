"""What an error of Kafka means, and what is kept of the complaints of a connection."""

import pytest

from mesh.kafka.faults import Complaint, Complaints, KafkaFault, fault_of
from svc_archive.domain.state import Condition as OfTheArchive
from svc_relay.domain.state import Condition as OfTheRelay


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("TOPIC_AUTHORIZATION_FAILED", KafkaFault.ACCESS_REFUSED),
        ("SASL_AUTHENTICATION_FAILED", KafkaFault.ACCESS_REFUSED),
        ("UNKNOWN_TOPIC_OR_PART", KafkaFault.TOPIC_MISSING),
        ("MSG_SIZE_TOO_LARGE", KafkaFault.RECORD_TOO_LARGE),
        ("KAFKA_STORAGE_ERROR", KafkaFault.FULL),
        ("_ALL_BROKERS_DOWN", KafkaFault.AWAY),
        ("NOT_ENOUGH_REPLICAS", KafkaFault.AWAY),
    ],
)
def test_what_an_error_of_kafka_means(name, fault):
    assert fault_of(name) is fault


def test_what_an_error_means_when_its_name_says_less_than_its_text():
    alert = "Receive failed: error:0A000416:SSL routines::ssl/tls alert certificate unknown"
    assert fault_of("_TRANSPORT", alert) is KafkaFault.ACCESS_REFUSED
    ended = "SSL handshake failed: Disconnected: connection reset by peer"
    assert fault_of("_SSL", ended) is KafkaFault.AWAY


def test_a_refusal_says_more_than_that_a_broker_is_away():
    complaints = Complaints()
    complaints.note("_TRANSPORT", "connection refused")
    assert not complaints.down
    complaints.note("_SSL", "certificate unknown")
    complaints.note("_ALL_BROKERS_DOWN", "1/1 brokers are down")
    assert complaints.newest == Complaint(KafkaFault.ACCESS_REFUSED, "certificate unknown (_SSL)")
    assert complaints.down
    complaints.forget()
    assert (complaints.newest, complaints.down) == (None, False)


def test_every_fault_is_a_condition_of_those_that_can_meet_it():
    assert {fault.value for fault in KafkaFault} <= {one.value for one in OfTheRelay}
    assert {fault.value for fault in KafkaFault} - {one.value for one in OfTheArchive} == {
        "KAFKA_FULL",
        "RECORD_TOO_LARGE",
    }
