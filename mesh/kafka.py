"""How our processes and commands reach Kafka: always with TLS, by certificate or by SASL."""

import logging
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, model_validator

from mesh.certificates.tls import HasTls, TlsFiles
from mesh.log import get_logger
from mesh.sparse_log import SparseLog

RECONNECT_BACKOFF_MAX_MS: Final = 2_000
"""A broker that comes back is found within this, whatever it was away for."""

_log = SparseLog(get_logger(__name__).info)


class KafkaFields(BaseModel):
    """Settings keys of what speaks to Kafka."""

    kafka_bootstrap: str = ""
    """host:port of one or more brokers, separated by commas."""
    kafka_cluster_id: str = ""
    """Id that the cluster must have; empty for any."""
    kafka_topic_prefix: str = "ordermesh."
    """What the name of each of our topics begins with."""
    kafka_tls_ca: str = ""
    """File with the authorities of the brokers' certificates; empty for the mesh's authority."""
    kafka_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    """How a name and a password are given; empty: the certificate of the process says who it is."""
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> Self:
        given = bool(self.kafka_sasl_username), bool(self.kafka_sasl_password)
        if any(given) != bool(self.kafka_sasl_mechanism) or any(given) != all(given):
            raise ValueError(
                "set kafka_sasl_mechanism, kafka_sasl_username and kafka_sasl_password together, "
                "or none of them"
            )
        return self


def kafka_configuration(fields: KafkaFields, tls: HasTls) -> dict[str, Any]:
    """Return librdkafka's configuration for a connection."""
    configuration: dict[str, Any] = {
        "bootstrap.servers": fields.kafka_bootstrap,
        "security.protocol": "SASL_SSL" if fields.kafka_sasl_mechanism else "SSL",
        "ssl.ca.location": fields.kafka_tls_ca or str(tls.tls_ca),
        "reconnect.backoff.max.ms": RECONNECT_BACKOFF_MAX_MS,
    }
    if fields.kafka_sasl_mechanism:
        return configuration | {
            "sasl.mechanism": fields.kafka_sasl_mechanism,
            "sasl.username": fields.kafka_sasl_username,
            "sasl.password": fields.kafka_sasl_password,
        }
    return configuration | {
        "ssl.certificate.location": str(tls.tls_cert),
        "ssl.key.location": str(tls.tls_key),
    }


def client_configuration(bootstrap: str, folder: Path, service: str) -> dict[str, Any]:
    """Return the configuration of a client with the certificate of a service."""
    fields = KafkaFields(kafka_bootstrap=bootstrap)
    return kafka_configuration(fields, TlsFiles.of_service(folder, service))


class _Lines(logging.Handler):
    """librdkafka's log lines as ours, at most so many a minute: a broker away makes many."""

    def emit(self, record: logging.LogRecord) -> None:
        _log("librdkafka", text=record.getMessage())


def logger() -> logging.Logger:
    """Return the logger for clients of a process: without one they write to standard error."""
    found = logging.getLogger("ordermesh.librdkafka")
    found.propagate = False
    if not found.handlers:
        found.addHandler(_Lines())
    found.setLevel(logging.INFO)
    return found


def quiet() -> dict[str, Any]:
    """Return the configuration of a client whose log nobody reads: a probe, a command."""
    found = logging.getLogger("ordermesh.librdkafka.quiet")
    found.propagate = False
    found.addHandler(logging.NullHandler())
    return {"logger": found, "error_cb": lambda _error: None}
