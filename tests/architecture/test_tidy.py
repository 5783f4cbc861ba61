"""Style that a formatter does not see: sizes, banned calls, leftovers, headings."""

import ast
import re
from collections import Counter

import pytest

from tests.support.sources import (
    PACKAGES,
    ROOT,
    calls_of,
    own_files,
    package_files,
    text_of,
    tree_of,
)

# "About 400" and "about 50": a tenth more is no reason to tear a thing apart.
FILE_LINES_MAX = 450
TEST_FILE_LINES_MAX = 800  # tables of cases
FUNCTION_LINES_MAX = 60
LONG_FILES: dict[str, int] = {}
# Modules of one folder, without __init__.py: more than a reader takes in at a glance need rooms.
FOLDER_MODULES_MAX = 12

# Call -> what to do instead, and the files or folders where it is right.
BANNED = {
    "time.sleep": (
        "await a condition; nothing may stop the event loop",
        (
            "meshctl/stack/commands.py",
            "mesh/streams/handover.py",  # in the thread of a producer
            "tests/support/",
            "bench/",
            "tests/integration/",
            "tests/e2e",
        ),
    ),
    "asyncio.get_event_loop": ("asyncio.get_running_loop", ()),
    "datetime.utcnow": ("datetime.now(UTC) or nanoseconds", ()),
    "eval": ("parse it", ()),
    "exec": ("parse it", ()),
    "os.system": ("subprocess.run with a list", ()),
    "pickle.loads": ("protobuf or JSON", ()),
    "contextlib.suppress(Exception)": ("name the exception", ()),
}
# Inside domain/, service/ and api/ time comes as an argument or from a clock of kernel.clock.
CLOCKS = {"time.time", "time.time_ns", "datetime.now", "dt.datetime.now", "datetime.datetime.now"}
PURE_LAYERS = {"domain", "service", "api"}

LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


@pytest.mark.parametrize("path", own_files(".py"), ids=str)
def test_files_and_functions_are_short(path):
    lines = text_of(path).count("\n")
    limit = TEST_FILE_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX
    assert lines <= LONG_FILES.get(path.as_posix(), limit)
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    if path.as_posix() not in LONG_FUNCTIONS:
        assert long == []


# Composition roots name every part once, in order.
LONG_FUNCTIONS = {"sim_exchange/running.py"}


def test_other_sources_are_short():
    long = {
        str(path): text_of(path).count("\n")
        for path in own_files(".ts", ".svelte", ".sh", ".js")
        if text_of(path).count("\n") > FILE_LINES_MAX
    }
    assert long == {}


def test_folders_are_rooms_that_a_reader_can_survey():
    modules = Counter(
        path.parent
        for path in package_files()
        # Migrations are a history: read one at a time, and never moved.
        if path.name != "__init__.py" and path.parent.parts[-2:] != ("migrations", "versions")
    )
    full = {str(folder): count for folder, count in modules.items() if count > FOLDER_MODULES_MAX}
    assert full == {}


def test_banned_calls():
    wrong = [
        f"{path}:{line} {name}: {BANNED[name][0]}"
        for path in own_files(".py")
        for line, name in calls_of(path)
        if name in BANNED and not path.as_posix().startswith(BANNED[name][1] or "\0")
    ]
    assert wrong == []


def test_time_is_an_argument():
    wrong = [
        f"{path}:{line} {name}"
        for path in package_files()
        if path.parts[0].startswith(("svc_", "sim_")) and PURE_LAYERS & set(path.parts)
        for line, name in calls_of(path)
        if name in CLOCKS
    ]
    assert wrong == []


def test_no_float_in_domains():
    wrong = [
        f"{path}:{line}"
        for path in package_files()
        if path.parts[1:2] == ("domain",) and path.parts[0].startswith("svc_")
        for line, name in calls_of(path)
        if name == "float"
    ]
    assert wrong == []


def test_no_fault_is_swallowed():
    wrong = [
        f"{path}:{node.lineno}"
        for path in own_files(".py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
    ]
    assert wrong == []


def test_no_leftovers():
    own = "tests/architecture/test_tidy.py"
    endings = (".py", ".ts", ".svelte", ".proto", ".sh", ".md", ".yaml", ".yml", "Makefile")
    wrong = [
        f"{path}:{number}"
        for path in own_files(*endings)
        if path.as_posix() != own
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if LEFTOVER.search(line)
    ]
    assert wrong == []


def test_every_package_folder_says_what_it_is():
    folders = {path.parent for path in package_files()}
    silent = [
        str(folder)
        for folder in folders
        if "migrations" not in folder.parts
        and not (
            (ROOT / folder / "__init__.py").exists()
            and ast.get_docstring(tree_of(folder / "__init__.py"))
        )
    ]
    assert silent == []


def test_every_top_folder_has_a_readme():
    folders = {path.parts[0] for path in own_files("") if len(path.parts) > 1}
    visible = {folder for folder in folders if folder[0] != "."} | set(PACKAGES)
    visible.discard("gen")  # nothing but what `make gen` writes
    assert [one for one in sorted(visible) if not (ROOT / one / "README.md").exists()] == []


def test_every_test_checks_something():
    asserting = re.compile(
        r"assert|raises|check|expect|verif|valid|require|until|wait_for|run|fail|refus|eventually"
        r"|await play\(|\.up\("
    )
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in own_files(".py")
        if path.parts[0] == "tests" and path.name.startswith("test_")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not asserting.search(ast.unparse(node.body))
    ]
    assert silent == []
