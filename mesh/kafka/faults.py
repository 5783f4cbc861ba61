"""What an error of Kafka means for whoever reads or writes there."""

from enum import StrEnum
from typing import Final, NamedTuple


class KafkaFault(StrEnum):
    """A kind of cause. A service has a condition of the same name."""

    AWAY = "KAFKA_AWAY"
    """Kafka cannot be reached or used now."""
    FULL = "KAFKA_FULL"
    """A broker cannot write to its disk."""
    ACCESS_REFUSED = "ACCESS_REFUSED"
    """Kafka refuses our certificate, name, password or rights."""
    TOPIC_MISSING = "TOPIC_MISSING"
    RECORD_TOO_LARGE = "RECORD_TOO_LARGE"


# By the name of Kafka's error. Any other error means that Kafka cannot be reached or used now.
_REFUSED: Final = (
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "SASL_AUTHENTICATION_FAILED",
    "_AUTHENTICATION",
    "_SSL",
)
_MISSING: Final = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION")
_TOO_LARGE: Final = ("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE")
_FAULTS: Final[dict[str, KafkaFault]] = {
    **dict.fromkeys(_REFUSED, KafkaFault.ACCESS_REFUSED),
    **dict.fromkeys(_MISSING, KafkaFault.TOPIC_MISSING),
    **dict.fromkeys(_TOO_LARGE, KafkaFault.RECORD_TOO_LARGE),
    "KAFKA_STORAGE_ERROR": KafkaFault.FULL,
}
# With TLS 1.3 a broker refuses a certificate after the handshake: librdkafka calls it transport.
_TLS_ALERT: Final = "tls alert"
# A broker that ends in the middle of a handshake refuses nothing: librdkafka calls it TLS.
_ENDED: Final = "Disconnected"
_ALL_DOWN: Final = "_ALL_BROKERS_DOWN"


def fault_of(error_name: str, text: str = "") -> KafkaFault:
    """Return what an error of Kafka means."""
    if _TLS_ALERT in text:
        return KafkaFault.ACCESS_REFUSED
    if _ENDED in text:
        return KafkaFault.AWAY
    return _FAULTS.get(error_name, KafkaFault.AWAY)


class Complaint(NamedTuple):
    """What a connection complained about."""

    fault: KafkaFault
    text: str


class Complaints:
    """What the connections of a client complained about, and whether nothing can be done now."""

    def __init__(self) -> None:
        """Begin without any."""
        self.newest: Complaint | None = None
        """A refusal says more than that a broker is away, and is kept."""
        self.down = False

    def note(self, error_name: str, text: str) -> None:
        """Take a complaint from librdkafka's callback for errors."""
        fault = fault_of(error_name, text)
        refused = fault is not KafkaFault.AWAY
        if self.newest is None or refused:
            self.newest = Complaint(fault, f"{text} ({error_name})")
        self.down |= refused or error_name == _ALL_DOWN

    def forget(self) -> None:
        """Note that all is well."""
        self.newest, self.down = None, False
