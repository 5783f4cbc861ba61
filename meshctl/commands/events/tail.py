"""`ordermesh events tail`: the events of a topic as they come."""

import json
import sys
from typing import Annotated, Any

import typer
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from deploy.topics import read_topics
from meshctl.commands.common import EXIT_REFUSED, EXIT_UNREACHABLE, errors
from meshctl.commands.events.cluster import connection
from meshctl.stack.servers.kafka.topics import ANSWER_S
from meshctl.stack.settings import stack_settings

# The messages of topics have to be known before one is read.
from ordermesh.oms.v1 import audit_service_pb2, event_pb2  # noqa: F401

JSON_SCHEMA = "json:"
events = typer.Typer(no_args_is_help=True, help="The log in Kafka; docs/EVENTS.md explains it.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(events, name="events")


@events.command()
def tail(
    topic: Annotated[str, typer.Option(help="Name of a topic without the prefix: orders.")],
    key: Annotated[str, typer.Option(help="Only records of this key, such as an account.")] = "",
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All that is there, then what comes.")
    ] = False,
    limit: Annotated[int, typer.Option(help="End after so many events; 0 for never.", min=0)] = 0,
) -> None:
    """Print the events of a topic as they come, one JSON object per line."""
    known = [one.name for one in read_topics().topics]
    if topic not in known:
        raise typer.BadParameter(f"is {topic!r}, should be one of {', '.join(known)}")
    settings = stack_settings()
    name = settings.kafka_topic_prefix + topic
    # No group: nothing is committed, and nobody else reads less for it.
    consumer = Consumer(
        {
            **connection(settings), "group.id": "ordermesh-events-tail",
            "enable.auto.commit": False, "isolation.level": "read_committed",
        }
    )  # fmt: skip
    try:
        _follow(consumer, name, key, OFFSET_BEGINNING if from_beginning else OFFSET_END, limit)
    except KafkaException as error:
        errors.print(f"Kafka: {error.args[0].str()}", markup=False, highlight=False)
        raise typer.Exit(EXIT_UNREACHABLE) from None
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


def _follow(consumer: Consumer, name: str, key: str, offset: int, limit: int) -> None:
    found = consumer.list_topics(timeout=ANSWER_S).topics.get(name)
    if found is None:
        errors.print(f"the cluster has no topic {name}: run `ordermesh topics apply`", markup=False)
        raise typer.Exit(EXIT_REFUSED)
    consumer.assign([TopicPartition(name, number, offset) for number in found.partitions])
    printed = 0
    while not limit or printed < limit:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error() is not None:
            raise KafkaException(message.error())
        if key and message.key() != key.encode():
            continue
        sys.stdout.write(json.dumps(event(message), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        printed += 1


def event(message: Any) -> dict[str, Any]:
    """Return a record as JSON: where it is, its headers, and its value as its schema reads it."""
    headers = dict(message.headers() or [])
    schema = headers.get("schema", b"").decode()
    return {
        "partition": message.partition(),
        "offset": message.offset(),
        "key": (message.key() or b"").decode(),
        "sequence": int(headers.get("sequence", b"0")),
        "log_number": int(headers.get("log-number", b"0")),
        "hash": headers.get("hash", b"").hex(),
        "schema": schema,
        "value": _value(schema, message.value() or b""),
    }


def _value(schema: str, value: bytes) -> Any:
    """Read a value by its schema; bytes that cannot be read are shown as hexadecimal digits."""
    try:
        if not schema or schema.startswith(JSON_SCHEMA):
            return json.loads(value)
        descriptor = descriptor_pool.Default().FindMessageTypeByName(schema)
        return MessageToDict(
            message_factory.GetMessageClass(descriptor).FromString(value),
            preserving_proto_field_name=True,
        )
    except (KeyError, DecodeError, ValueError):
        return value.hex()
