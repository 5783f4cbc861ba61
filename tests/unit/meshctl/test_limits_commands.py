"""`ordermesh limits`: the example file is a set of limits, and applying it twice sets it once."""

import uuid
from types import SimpleNamespace

import pytest
import typer

from mesh.errors import MeshError
from meshctl.commands.limits import limits, limits_file
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh_client import MeshRefusedError
from svc_oms.service.ports.control_ports import RecordKind
from tests.support.limits import BUY, LimitBench
from tests.support.sources import ROOT

EXAMPLE = ROOT / "config/limits.rts6.example.yaml"


class Mesh:
    """A login of risk, straight into the office of a bench."""

    limits = SimpleNamespace(SetLimit="SetLimit", ListLimits="ListLimits")

    def __init__(self, bench: LimitBench) -> None:
        self.bench = bench

    async def call(self, rpc, request, _retry_for_s=0.0):
        office = self.bench.office
        try:
            if rpc == "SetLimit":
                request.idempotency_key = request.idempotency_key or str(uuid.uuid4())
                return await office.set_limit(request, self.bench.caller())
        except MeshError as error:
            raise MeshRefusedError("ABORTED", error.reason, error.text, error.metadata) from error
        now_us = self.bench.clock.now_ns() // 1000
        rows = await office.store.in_force(RecordKind.LIMIT, now_us, "", None, 100)
        return pb.ListLimitsResponse(limits=[limit_pb2.Limit.FromString(row.body) for row in rows])


@pytest.fixture
async def bench():
    return await LimitBench.make()


@pytest.fixture
def ran(monkeypatch, bench):
    """Run commands against the bench instead of a mesh."""
    work = []
    for module in (limits, limits_file):
        monkeypatch.setattr(module, "run", work.append)

    async def run(command, *words, **options) -> None:
        command(*words, **options)
        await work.pop()(Mesh(bench))

    return run


async def test_the_example_is_set_once_and_holds(ran, bench, capsys):
    await ran(limits_file.apply, EXAMPLE)
    output = capsys.readouterr().out
    reason, wanted = limits_file.read_limits(EXAMPLE)
    assert reason
    assert output.count("set version 1") == len(wanted) == 11
    await ran(limits_file.apply, EXAMPLE)
    assert capsys.readouterr().out.count("unchanged") == len(wanted)
    bench.quote(last_price="100")
    assert (await bench.place(BUY, 50_001)).reason == "MAX_QUANTITY_EXCEEDED"
    assert (await bench.place(BUY, 1, "106")).reason == "PRICE_COLLAR_EXCEEDED"
    assert not isinstance(await bench.place(BUY, 10), MeshError)
    await ran(limits.list_limits, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == len(wanted)
    await ran(limits.list_limits)
    assert "firm DEMO" in capsys.readouterr().out


async def test_a_limit_that_ended_goes_on_from_its_last_version(ran, bench, tmp_path, capsys):
    limit = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="10")
    await bench.end_limit(limit.limit_id, 1)
    file = tmp_path / "limits.yaml"
    file.write_text(
        "reason: again\nlimits:\n- kind: MAX_ORDER_QUANTITY\n"
        "  range: {scope: ACCOUNT, scope_id: ACC-ALICE}\n  values: {quantity: '20'}\n"
    )
    await ran(limits_file.apply, file)
    assert "set version 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "limits: []", "reason: x\nlimits:\n- kind: NO_SUCH\n", "- 1", "\x00"]
)
def test_what_is_no_file_of_limits_is_reported(tmp_path, text):
    file = tmp_path / "limits.yaml"
    file.write_text(text)
    with pytest.raises(typer.Exit) as left:
        limits_file.read_limits(file)
    assert left.value.exit_code == 2
