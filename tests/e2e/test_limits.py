"""The RTS 6 set on the whole mesh, as a person of risk sets it and a trader meets it."""

import json
from pathlib import Path

import pytest

from tests.support.sources import ROOT
from tests.support.stack import running_mesh
from tests.support.trading import verify


@pytest.mark.long
def test_the_rts6_set_is_applied_holds_and_lets_trade(tmp_path: Path) -> None:
    with running_mesh(tmp_path / "home") as mesh:
        assert mesh.command("login", "rita").returncode == 0
        applied = mesh.command("limits", "apply", str(ROOT / "config/limits.rts6.example.yaml"))
        assert applied.returncode == 0, applied.stderr
        assert applied.stdout.count("set version 1") == 11
        assert mesh.command("login", "alice").returncode == 0
        refused = mesh.command("order", "buy", "ASML.SIMA", "50001")
        assert refused.returncode == 3
        assert "MAX_QUANTITY_EXCEEDED" in refused.stderr
        unchanged = mesh.command("limits", "apply", str(ROOT / "config/limits.rts6.example.yaml"))
        assert unchanged.returncode == 0, "what is set already needs no right to set"
        bought = mesh.command("order", "buy", "ASML.SIMA", "1", "--json")
        assert bought.returncode == 0, bought.stderr + bought.stdout
        answer = mesh.command("limits", "usage", "--json")
        uses = json.loads(answer.stdout)["uses"]
        # Fields that say nothing are left out of JSON.
        long = [use["used"] for use in uses if use.get("subject", "").endswith(" long")]
        assert long == ["1"]
        checked = verify(mesh)
        assert checked.returncode == 0, checked.stdout
