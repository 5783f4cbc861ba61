"""`ordermesh replay`, `export` and `evidence`: what is made of the log, by `svc_oms.admin`.

They read the database and Kafka themselves, with the rights of whoever runs them: those of the
local stack, unless the environment names others.
"""

import subprocess
import sys
from typing import Final

import typer

from mesh.certificates.tls import TlsFiles
from mesh.settings import child_environment
from meshctl.commands.common import current_home
from meshctl.stack.servers.kafka.broker import CLIENT
from meshctl.stack.servers.postgres import EmbeddedPostgres
from meshctl.stack.settings import stack_settings

# The options are those of the command that is run, and so is --help.
PASSED_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (replay, export, evidence):
        app.command(context_settings=PASSED_ON, add_help_option=False)(command)


def replay(context: typer.Context) -> None:
    """Build the order book anew from the copy of the log, and name what differs in PostgreSQL.

    Exit code 0: no difference; 1: each difference is named; 2: it could not be compared.
    """
    _run("replay", context)


def export(context: typer.Context) -> None:
    """Write a table of orders to a file: rts24, rts27-style or orders."""
    _run("export", context)


def evidence(context: typer.Context) -> None:
    """Write the evidence for the yearly self-assessment of RTS 6 Article 9 as an HTML page."""
    _run("evidence", context)


def _run(command: str, context: typer.Context) -> None:
    words = [sys.executable, "-m", "svc_oms.admin", command, *context.args]
    # The command is one of ours, and its words are those of the person who gives it.
    done = subprocess.run(words, env=_environment(), check=False)
    raise typer.Exit(done.returncode)


def _environment() -> dict[str, str]:
    """Return the environment with where database and Kafka are: those named, or the stack's."""
    settings, home = stack_settings(), current_home()
    places = {"ORDERMESH_KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix}
    places |= {f"ORDERMESH_{name}": value for name, value in settings.own_kafka.items()}
    if settings.database_url:
        places["ORDERMESH_DATABASE_URL"] = settings.owner_url
    else:
        database = EmbeddedPostgres(home, home.ports()["postgres"])
        places["ORDERMESH_DATABASE_URL"] = database.owner_url("oms")
    if not settings.kafka_bootstrap:
        places["ORDERMESH_KAFKA_BOOTSTRAP"] = f"127.0.0.1:{home.ports()['kafka']}"
    tls = TlsFiles.of_service(home.tls, CLIENT)
    places |= {
        "ORDERMESH_TLS_CA": str(tls.tls_ca),
        "ORDERMESH_TLS_CERT": str(tls.tls_cert),
        "ORDERMESH_TLS_KEY": str(tls.tls_key),
    }
    return child_environment(places)
