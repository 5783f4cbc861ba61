"""Who may import what: Import Linter's contracts and what they cannot say."""

import re
import subprocess
import sys

from tests.support.sources import ROOT, calls_of, imports_of, own_files, package_files, text_of

SQL_IN = tuple(
    f"{service}/adapters/postgres/"
    for service in ("svc_oms", "svc_identity", "svc_marketdata", "svc_notify")
)
# Module -> the only folders that may import it.
ONLY_IN = {
    "quickfix": (
        "svc_gateway/adapters/fix/",
        "sim_exchange/adapters/fix/",
        "conformance/venue_process.py",
    ),
    "sqlalchemy": (*SQL_IN, "mesh/postgres/"),
    "asyncpg": (
        *SQL_IN,
        "eventlog/source.py",
        "mesh/postgres/",
        "meshctl/stack/servers/postgres.py",  # starts the server and makes its roles
    ),
    "alembic": (*SQL_IN, "mesh/postgres/"),
    "redis": ("svc_oms/adapters/redis/", "svc_marketdata/adapters/redis/"),
    "trustme": ("meshctl/stack/",),
    "confluent_kafka": (
        "svc_relay/adapters/kafka/",
        "eventlog/copies/kafka.py",
        "svc_archive/adapters/kafka/",
        "meshctl/stack/servers/kafka/",
        "meshctl/commands/events/",
    ),
    "pyarrow": (
        "event_archive/",
        "svc_archive/app.py",  # chooses where its memory comes from
    ),
    "obstore": ("event_archive/stores/objects.py",),
    "aiosmtplib": ("svc_notify/adapters/channels/",),
    "h11": ("svc_notify/adapters/channels/",),
    # Nowhere: tools/calendars.py makes files of them (docs/adr/0038).
    "exchange_calendars": ("tools/",),
    "pandas": ("tools/",),
}
# A domain knows neither the clock nor the network nor chance.
NOT_IN_DOMAIN = {
    "asyncio",
    "threading",
    "time",
    "random",
    "uuid",
    "socket",
    "os",
    "logging",
}


def test_import_contracts_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_drivers_are_imported_in_their_adapters_only():
    wrong = [
        f"{path}:{line} imports {module}"
        for path in package_files()
        for line, module in imports_of(path)
        for driver, places in ONLY_IN.items()
        if module.partition(".")[0] == driver and not path.as_posix().startswith(places)
    ]
    assert wrong == []


def test_domains_import_the_standard_library_kernel_and_themselves_only():
    wrong = [
        f"{path}:{line} imports {module}"
        for path in package_files()
        if path.parts[1:2] == ("domain",)
        for line, module in imports_of(path)
        if module.split(".")[:2] != list(path.parts[:2])
        and (
            module.partition(".")[0] not in sys.stdlib_module_names | {"kernel"}
            or module.partition(".")[0] in NOT_IN_DOMAIN
        )
    ]
    assert wrong == []


def test_kernel_imports_the_standard_library_and_itself_only():
    wrong = [
        f"{path}:{line} imports {module}"
        for path in package_files()
        if path.parts[0] == "kernel"
        for line, module in imports_of(path)
        if module.partition(".")[0] not in sys.stdlib_module_names | {"kernel"}
    ]
    assert wrong == []


def test_settings_alone_read_the_environment():
    wrong = [
        str(path)
        for path in package_files()
        if path.as_posix() != "mesh/settings.py"
        and re.search(r"os\.environ|os\.getenv|environb", text_of(path))
    ]
    assert wrong == []


def test_only_mesh_opens_servers_and_channels_between_services():
    names = {"grpc.aio.server", "grpc.aio.insecure_channel", "grpc.insecure_channel", "grpc.server"}
    allowed = {"mesh/rpc/server.py"}
    wrong = [
        f"{path}:{line} calls {name}"
        for path in own_files(".py")
        if path.parts[0] not in {"tests", "bench", "clients"} and path.as_posix() not in allowed
        for line, name in calls_of(path)
        if name in names
    ]
    assert wrong == []
