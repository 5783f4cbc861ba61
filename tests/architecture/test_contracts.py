"""The contracts are well formed, unbroken, and gen/ is what they give."""

import filecmp
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.sources import ROOT

BUF = str(ROOT / ".venv/bin/buf")
TYPESCRIPT_PLUGIN = ROOT / "web/node_modules/.bin/protoc-gen-es"


def buf(*words):
    return subprocess.run(
        [BUF, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )


def test_contracts_pass_lint_and_are_formatted():
    for words in (("lint",), ("format", "--diff", "--exit-code")):
        done = buf(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_contracts_break_nothing_that_was_released():
    script = ROOT / "tools/check_breaking.sh"
    done = subprocess.run([script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def files_below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def generated_differs(kept: Path, fresh: Path) -> list[str]:
    """Files that are missing, too many or different."""
    names = files_below(kept) | files_below(fresh)
    return [
        name
        for name in sorted(names)
        if not ((kept / name).exists() and (fresh / name).exists())
        or not filecmp.cmp(kept / name, fresh / name, shallow=False)
    ]


def generate(folder: Path, *languages: str) -> None:
    """Run those plugins of buf.gen.yaml whose output goes to these languages."""
    import yaml

    template = yaml.safe_load((ROOT / "buf.gen.yaml").read_text("utf-8"))
    template["plugins"] = [
        plugin for plugin in template["plugins"] if plugin["out"].split("/")[1] in languages
    ]
    config = folder / "buf.gen.yaml"
    config.write_text(yaml.safe_dump(template))
    done = buf("generate", "--template", str(config), "-o", str(folder))
    assert done.returncode == 0, done.stderr


def test_generated_python_is_fresh(tmp_path):
    generate(tmp_path, "python")
    assert generated_differs(ROOT / "gen/python", tmp_path / "gen/python") == []


@pytest.mark.skipif(not TYPESCRIPT_PLUGIN.exists(), reason="web/node_modules is not installed")
def test_generated_typescript_is_fresh(tmp_path):
    generate(tmp_path, "ts")
    assert generated_differs(ROOT / "gen/ts", tmp_path / "gen/ts") == []


def test_descriptors_are_fresh(tmp_path):
    fresh = tmp_path / "descriptors.binpb"
    done = buf("build", "--exclude-source-info", "-o", str(fresh))
    assert done.returncode == 0, done.stderr
    assert fresh.read_bytes() == (ROOT / "gen/descriptors.binpb").read_bytes()


def test_a_stale_file_would_be_seen(tmp_path):
    copy = tmp_path / "python"
    shutil.copytree(ROOT / "gen/python", copy)
    victim = next(copy.rglob("*_pb2.pyi"))
    victim.write_text(victim.read_text() + "\n")
    assert generated_differs(ROOT / "gen/python", copy) == [victim.relative_to(copy).as_posix()]
