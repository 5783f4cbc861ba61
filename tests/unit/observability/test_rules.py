"""Prometheus' own checks of the rules, where promtool is installed."""

import shutil
import subprocess

import pytest

from observability.generated import HERE

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="no promtool here: apt-get install --no-install-recommends prometheus",
)


def promtool(*words: str) -> str:
    """Return what it found wrong."""
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout + done.stderr if done.returncode else ""


def test_the_rules_are_valid() -> None:
    assert not promtool("check", "rules", *map(str, sorted((HERE / "rules").glob("*.yml"))))


def test_alerts_fire_and_clear_when_they_should() -> None:
    assert not promtool("test", "rules", *map(str, sorted((HERE / "rule_tests").glob("*.yml"))))
