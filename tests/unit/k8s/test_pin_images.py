"""k8s/pin-images.sh with a registry and a `kustomize edit` of the test's own."""

import shutil
import subprocess

import pytest

from tests.support.manifests import K8S, built

ENVOY = "docker.io/envoyproxy/envoy"
DIGEST = f"sha256:{'a' * 64}"
CRANE = f"""#!/bin/sh
[ "$2" != registry.example.com/gone:1 ] || exit 1
echo {DIGEST}
"""
KUSTOMIZE = r"""#!/bin/sh
if [ "$1" = build ]; then exec kubectl kustomize .; fi
name=${4%%=*} pinned=${4#*=}
entry="{name: $name, newName: ${pinned%@*}, digest: '${pinned#*@}'}"
sed -i "s|^images:|images:\n  - $entry|" kustomization.yaml
"""


@pytest.fixture
def pin(tmp_path, monkeypatch):
    shutil.copytree(K8S, tmp_path / "k8s")
    (tmp_path / "bin").mkdir()
    for name, text in (("crane", CRANE), ("kustomize", KUSTOMIZE)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin")

    def run(*words):
        return subprocess.run(
            [tmp_path / "k8s/pin-images.sh", *words], capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("registry.example.com/envoy:1.40.0", "registry.example.com/envoy"),
        ("registry.example.com:5000/envoy:1.40.0", "registry.example.com:5000/envoy"),
        ("registry.example.com:5000/envoy", "registry.example.com:5000/envoy"),
        (f"registry.example.com/envoy:1@{DIGEST}", "registry.example.com/envoy"),
    ],
)
def test_an_image_gets_the_digest_that_its_registry_has(pin, tmp_path, reference, repository):
    done = pin("prod", f"{ENVOY}={reference}")
    assert (done.returncode, done.stdout) == (0, f"{ENVOY} is {repository}@{DIGEST}\n")
    documents = built(str(tmp_path / "k8s/overlays/prod"))
    (edge,) = [
        one
        for one in documents
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "envoy")
    ]
    (container,) = edge["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{repository}@{DIGEST}"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["prod"], "k8s/pin-images.sh OVERLAY"),
        (["prod", "ordermesh"], "ordermesh is no IMAGE=REFERENCE"),
        (["prod", "ordermesh="], "ordermesh= is no IMAGE=REFERENCE"),
        (["prod", "envoy=registry.example.com/envoy:1"], "envoy is no image of this overlay"),
        (["prod", f"{ENVOY}=registry.example.com/gone:1"], ""),
        (["nowhere", f"{ENVOY}=registry.example.com/envoy:1"], "nowhere"),
    ],
)
def test_what_cannot_be_pinned_is_named_and_nothing_changes(pin, tmp_path, words, named):
    done = pin(*words)
    assert done.returncode != 0
    assert named in done.stderr
    assert (tmp_path / "k8s/overlays/prod/kustomization.yaml").read_text() == (
        K8S / "overlays/prod/kustomization.yaml"
    ).read_text()
