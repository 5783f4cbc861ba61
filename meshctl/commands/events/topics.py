"""`ordermesh topics apply`: brings the topics of a cluster to what the file says."""

from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.topics import FILE, TopicsError, read_topics
from meshctl.commands.common import EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_USAGE, console, errors
from meshctl.commands.events.cluster import connection
from meshctl.stack.servers.kafka.topics import apply_topics
from meshctl.stack.settings import stack_settings

topics = typer.Typer(no_args_is_help=True, help="The topics of the log in Kafka.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(topics, name="topics")


@topics.command()
def apply(
    file: Annotated[Path, typer.Option(help="The topics (YAML).")] = FILE,
    replication: Annotated[
        int, typer.Option(help="Copies of each partition, instead of the file's; 0: the file's.")
    ] = 0,
) -> None:
    """Make the topics that are missing, and bring the settings of the others up to date.

    The number of partitions of a topic that is there is never changed, and no topic is removed.
    """
    settings = stack_settings()
    try:
        wanted = read_topics(file)
    except TopicsError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(EXIT_USAGE) from None
    admin = AdminClient(connection(settings))
    try:
        lines = apply_topics(admin, settings.kafka_topic_prefix, wanted, replication)
        for line in lines:
            console.print(line, markup=False, highlight=False)
    except TopicsError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(EXIT_REFUSED) from None
    except KafkaException as error:
        errors.print(f"Kafka: {error.args[0].str()}", markup=False, highlight=False)
        raise typer.Exit(EXIT_UNREACHABLE) from None
