"""The configuration the edge's pod renders is one Envoy takes."""

import subprocess
import sys

from meshctl.stack.servers.edge import _binary
from tests.support.manifests import containers, name_of, workloads, written


def test_envoy_takes_what_its_pod_renders(tmp_path, tls_folder):
    (envoy,) = [one for one in workloads(written("base")) if name_of(one) == "Deployment/envoy"]
    arguments = containers(envoy)[0]["args"]
    assert arguments[:3] == ["-m", "edge.render", "/etc/envoy"]
    files = {
        "tls_cert": "edge.pem",
        "tls_key": "edge.key",
        "client_cert": "envoy.pem",
        "client_key": "envoy.key",
        "ca": "ca.pem",
    }
    # The last one counts: the same arguments, followed by the paths of this machine.
    here = [f"--set={name}={tls_folder / file}" for name, file in files.items()]
    command = [sys.executable, *arguments[:2], str(tmp_path / "etc"), *arguments[3:], *here]
    subprocess.run(command, check=True, capture_output=True)
    check = subprocess.run(
        [str(_binary()), "--mode", "validate", "-c", str(tmp_path / "etc" / "envoy.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr
    assert "deprecated" not in check.stderr.lower()
