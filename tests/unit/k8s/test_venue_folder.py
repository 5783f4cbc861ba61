"""The gateway of one venue, as `python -m deploy.venue` writes it."""

import re

import pytest

from deploy.venue import files, main
from tests.support.manifests import K8S, built, workloads

WRITTEN = sorted((K8S / "overlays").glob("*/venues/*/kustomization.yaml"))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.parent.name)
def test_a_folder_that_is_committed_is_what_its_first_line_writes(path):
    words = re.search(r"deploy\.venue ([^`]+)`", path.read_text("utf-8"))[1].split()
    mic, *addresses = words[: words.index("--overlay")]
    standby = words[words.index("--standby") + 1] if "--standby" in words else ""
    there = {one.name: one.read_text("utf-8") for one in path.parent.iterdir()}
    assert there == files(mic, addresses, path.parents[2].name, standby)


def built_with(tmp_path, venues, **more):
    """Build an overlay with the folders of these venues, by MIC and address."""
    for mic, address in venues.items():
        folder = tmp_path / "overlays/new/venues" / mic.lower()
        folder.mkdir(parents=True)
        for name, text in files(mic, [address], "new", **more).items():
            (folder / name).write_text(text.replace("../../../../gateway", "../gateway"))
    (tmp_path / "overlays/new/venues/gateway").mkdir()
    for one in (K8S / "gateway").iterdir():
        (tmp_path / "overlays/new/venues/gateway" / one.name).write_text(one.read_text("utf-8"))
    listed = ", ".join(f"venues/{mic.lower()}" for mic in venues)
    (tmp_path / "overlays/new/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: ordermesh\n"
        f"resources: [{listed}]\n"
    )
    return built(str(tmp_path / "overlays/new"))


@pytest.mark.parametrize("mic", ["3579", "1E10", "TRUE", "NULL", "0X1F"])
def test_a_mic_is_a_text_whatever_yaml_reads_in_it(tmp_path, mic):
    documents = built_with(tmp_path, {mic: "203.0.113.1/32:9878"}, standby="123")
    (gateway,) = workloads(documents)
    name = mic.lower()
    assert gateway["metadata"]["name"] == f"svc-gateway-{name}"
    assert gateway["spec"]["selector"]["matchLabels"]["ordermesh/venue"] == name
    (claim,) = [one for one in documents if one["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["storageClassName"] == "123"


def test_a_standby_waits_on_another_node_and_shares_the_store(tmp_path):
    documents = built_with(tmp_path, {"XETR": "203.0.113.1/32:9878"}, standby="shared")
    (gateway,) = workloads(documents)
    assert gateway["spec"]["replicas"] == 2
    assert "volumeClaimTemplates" not in gateway["spec"]
    pod = gateway["spec"]["template"]
    (claim,) = [one for one in documents if one["kind"] == "PersistentVolumeClaim"]
    (store,) = [one for one in pod["spec"]["volumes"] if one["name"] == "store"]
    assert store["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"]["matchLabels"] == pod["metadata"]["labels"]


def test_two_venues_have_gateways_that_share_nothing(tmp_path):
    documents = built_with(
        tmp_path, {"XETR": "203.0.113.1/32:9878", "XPAR": "[2001:db8::1]/128:7001"}
    )
    sets = {one["metadata"]["name"]: one["spec"] for one in workloads(documents)}
    assert set(sets) == {"svc-gateway-xetr", "svc-gateway-xpar"}
    for name, spec in sets.items():
        labels = spec["template"]["metadata"]["labels"]
        assert labels["ordermesh/venue"] == name.rpartition("-")[2]
        assert spec["selector"]["matchLabels"] == labels
        assert (spec["serviceName"], spec["replicas"]) == (name, 1)
    ways = {
        one["spec"]["podSelector"]["matchLabels"]["ordermesh/venue"]: one["spec"]["egress"]
        for one in documents
        if one["kind"] == "NetworkPolicy"
    }
    assert ways == {
        "xetr": [{"to": [{"ipBlock": {"cidr": "203.0.113.1/32"}}], "ports": [{"port": 9878}]}],
        "xpar": [{"to": [{"ipBlock": {"cidr": "2001:db8::1/128"}}], "ports": [{"port": 7001}]}],
    }


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["xetr", "203.0.113.1/32:9878", "--overlay", "prod"], "the MIC is 'xetr'"),
        (["XETR", "fix.example.com:9878", "--overlay", "prod"], "'fix.example.com:9878'"),
        (["XETR", "203.0.113.1/32", "--overlay", "prod"], "203.0.113.1/32"),
        (["XETR", "203.0.113.1/32:0", "--overlay", "prod"], "is '0'; it must be 1 to 65535"),
        (["XETR", "203.0.113.1/32:x", "--overlay", "prod"], "is 'x'; it must be 1 to 65535"),
        (["XETR", "203.0.113.1/24:9878", "--overlay", "prod"], "has host bits set"),
        (["XETR", "0.0.0.0/0:9878", "--overlay", "prod"], "every address"),
        (["XETR", "[::]/0:9878", "--overlay", "prod"], "every address"),
        (["XETR", "0.0.0.0/1:9878", "--overlay", "prod"], "too wide for a venue; /16 is"),
        (["XETR", "[2001::]/16:9878", "--overlay", "prod"], "too wide for a venue; /32 is"),
        (["XETR", "169.254.169.254/32:80", "--overlay", "prod"], "link-local"),
        (["XETR", "127.0.0.1/32:9878", "--overlay", "prod"], "loopback"),
        (["XETR", "2001:db8::1:9878", "--overlay", "prod"], "must be NETWORK:PORT"),
        (["XETR", "[2001:db8::1:9878", "--overlay", "prod"], "must be NETWORK:PORT"),
        (["XETR", "[fe80::1%x'y]/128:1", "--overlay", "prod"], "must be NETWORK:PORT"),
        (["XETR", "203.0.113.1/33:9878", "--overlay", "prod"], "203.0.113.1/33"),
        (["XETR", "203.0.113.1/32:\u0663", "--overlay", "prod"], "it must be 1 to 65535"),
        (["XETR", "203.0.113.1/32:99999", "--overlay", "prod"], "is '99999'; it must be 1 to"),
        (["XETR", "203.0.113.1/32:9878", "--overlay", "../base"], "--overlay is '../base'"),
        (["XETR", "203.0.113.1/32:9878", "--overlay", "prod/venues/xetr"], "a folder below"),
        (["XETR", "203.0.113.1/32:9878", "--overlay", "nowhere"], "--overlay is 'nowhere'"),
        (
            ["XETR", "203.0.113.1/32:9878", "--overlay", "prod", "--standby", "Shared Files"],
            "--standby is 'Shared Files'",
        ),
    ],
)
def test_what_is_none_is_refused_and_nothing_is_written(words, named, capsys):
    before = contents()
    with pytest.raises(SystemExit):
        main(words)
    assert named in capsys.readouterr().err
    assert contents() == before


def contents():
    return {path: path.read_bytes() for path in K8S.rglob("*") if path.is_file()}
