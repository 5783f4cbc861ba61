"""`ordermesh topics` and `ordermesh events`: the log in Kafka."""

import typer

from meshctl.commands.events import record, tail, topics


def register(app: typer.Typer) -> None:
    """Add the commands."""
    topics.register(app)
    tail.register(app)
    record.register(app)
