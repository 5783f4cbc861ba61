"""Which Kafka the commands speak to: the one of the settings, or that of the local stack."""

from typing import Any

from mesh.certificates.tls import TlsFiles
from mesh.kafka import KafkaFields, kafka_configuration, quiet
from meshctl.commands.common import current_home
from meshctl.stack.servers.kafka.broker import CLIENT


def connection(settings: KafkaFields) -> dict[str, Any]:
    """Return librdkafka's configuration.

    Without ORDERMESH_KAFKA_BOOTSTRAP it is that of the local stack, whose certificates it has.
    """
    home = current_home()
    if not settings.kafka_bootstrap:
        local = f"127.0.0.1:{home.ports()['kafka']}"
        settings = settings.model_copy(update={"kafka_bootstrap": local})
    return kafka_configuration(settings, TlsFiles.of_service(home.tls, CLIENT)) | quiet()
