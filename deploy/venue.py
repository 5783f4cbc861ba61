"""Write the gateway of one venue into an overlay: a StatefulSet of its own, and its ways out.

`python -m deploy.venue XETR 203.0.113.10/32:9878 --overlay prod` writes
k8s/overlays/prod/venues/xetr. Its sessions come from the Secret ``venues-xetr`` (key venues.yaml).
"""

import argparse
import ipaddress
import re
import sys
from pathlib import Path
from string import Template

from deploy.manifests import K8S, fill

PORT_MAX = 65535
MIC = re.compile(r"[A-Z0-9]{4}")
STORAGE_CLASS = re.compile(r"[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?")
OVERLAY = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NETWORK = re.compile(r"\[([0-9A-Fa-f:.]+)\](/[0-9]+)?|([0-9.]+)(/[0-9]+)?")
"""An address of IPv6 in brackets, or one of IPv4; the length of the prefix after it."""
PREFIX_BITS_MIN = {4: 16, 6: 32}
"""Length of the widest network that a venue has, by version of IP; wider is a slip."""
KUSTOMIZATION = """\
# Written by `python -m deploy.venue $words`.
# The gateway of $mic. Its sessions are in Secret venues-$name, key venues.yaml.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
nameSuffix: "-$name"
resources:
  - ../../../../gateway
  - addresses.yaml
  - sessions.yaml
  ${more_resources}
labels:
  - pairs: {ordermesh/venue: "$name"}
    includeSelectors: true
    includeTemplates: true
patches:
  - target: {kind: StatefulSet, name: svc-gateway}
    patch: |-
      - {op: test, path: /spec/template/spec/volumes/2/name, value: venues}
      - {op: replace, path: /spec/template/spec/volumes/2/secret/secretName, value: venues-$name}
      ${more_patches}
"""
ADDRESSES = """\
# Where $mic is. Its gateway reaches nothing else outside of the namespace.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: venue
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: svc-gateway}}
  policyTypes: [Egress]
  egress:
    ${rules}
"""
SESSIONS = """\
# From the vault: what svc_gateway/README.md documents, in one key, venues.yaml.
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: venues
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: SecretStore, name: ordermesh}
  target: {name: venues-$name, creationPolicy: Owner}
  dataFrom:
    - extract: {key: ordermesh/venues-$name}
"""
STANDBY_PATCHES = """\
# A second pod waits for the first to fail. Both have one store, which only the owner of a
# session may lock: flock(2) must work between nodes in this storage class.
- {op: replace, path: /spec/replicas, value: 2}
- {op: remove, path: /spec/volumeClaimTemplates}
- op: add
  path: /spec/template/spec/volumes/-
  value: {name: store, persistentVolumeClaim: {claimName: svc-gateway-store}}
# The second is of no use on the node that the first was lost with.
- op: add
  path: /spec/template/spec/topologySpreadConstraints
  value:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app.kubernetes.io/name: svc-gateway, ordermesh/venue: "$name"}}
"""
STANDBY = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: svc-gateway-store
spec:
  accessModes: [ReadWriteMany]
  storageClassName: "$standby"
  resources: {requests: {storage: 10Gi}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: svc-gateway
spec:
  minAvailable: 1
  selector: {matchLabels: {app.kubernetes.io/name: svc-gateway}}
"""


def endpoint(text: str) -> tuple[str, int]:
    """Read ``NETWORK:PORT``, such as 203.0.113.10/32:9878 or [2001:db8::1]/128:9878.

    Raises:
        ValueError: It is none (NetworkPolicies know addresses, not names of hosts), or no venue's.
    """
    network, colon, port = text.rpartition(":")
    form = NETWORK.fullmatch(network)
    if not colon or form is None:
        raise ValueError(
            f"the address is {text!r}; it must be NETWORK:PORT, such as 203.0.113.1/32:9878 or "
            "[2001:db8::1]/128:9878; a NetworkPolicy knows no names of hosts"
        )
    found = ipaddress.ip_network("".join(filter(None, form.groups())))
    if not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= PORT_MAX:
        raise ValueError(f"the port of {text!r} is {port!r}; it must be 1 to {PORT_MAX}")
    widest = PREFIX_BITS_MIN[found.version]
    if found.prefixlen == 0:
        raise ValueError(f"{text!r} is every address; name those of the venue")
    if found.prefixlen < widest:
        raise ValueError(f"{text!r} is too wide for a venue; /{widest} is the widest network")
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
        raise ValueError(f"{text!r} is loopback, link-local, multicast or unspecified, no venue's")
    return str(found), int(port)


def files(mic: str, addresses: list[str], overlay: str, standby: str = "") -> dict[str, str]:
    """Return the files of a venue's folder, by name.

    Args:
        mic: MIC of the venue (ISO 10383).
        addresses: Where its FIX is, see endpoint.
        overlay: Folder below k8s/overlays.
        standby: The storage class of a store that two pods share; "" for one pod.

    Raises:
        ValueError: A value that is none.
    """
    if not MIC.fullmatch(mic):
        raise ValueError(f"the MIC is {mic!r}; it must be 4 capital letters or digits (ISO 10383)")
    if standby and not STORAGE_CLASS.fullmatch(standby):
        raise ValueError(f"--standby is {standby!r}; it must be the name of a storage class")
    rules = [
        f"- {{to: [{{ipBlock: {{cidr: '{network}'}}}}], ports: [{{port: {port}}}]}}"
        for network, port in map(endpoint, addresses)
    ]
    words = [mic, *addresses, "--overlay", overlay, *(["--standby", standby] if standby else [])]
    values: dict[str, str | list[str]] = {
        "mic": mic, "name": mic.lower(), "words": " ".join(words), "rules": rules,
        "standby": standby,
        "more_resources": ["- standby.yaml"] if standby else [],
        "more_patches": Template(STANDBY_PATCHES).substitute(name=mic.lower()).splitlines()
        if standby else [],
    }  # fmt: skip
    texts = {
        "kustomization.yaml": KUSTOMIZATION,
        "addresses.yaml": ADDRESSES,
        "sessions.yaml": SESSIONS,
    } | ({"standby.yaml": STANDBY} if standby else {})
    return {name: fill(text, values) for name, text in texts.items()}


def main(arguments: list[str] | None = None) -> int:
    """Write the folder; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.venue", description=__doc__)
    parser.add_argument("mic", help="MIC of the venue (ISO 10383)")
    parser.add_argument("addresses", nargs="+", metavar="NETWORK:PORT", help="where its FIX is")
    parser.add_argument("--overlay", required=True, help="folder below k8s/overlays")
    parser.add_argument(
        "--standby",
        default="",
        metavar="STORAGE_CLASS",
        help="a second pod, with one store for both",
    )
    given = parser.parse_args(arguments)
    overlay = K8S / "overlays" / given.overlay
    if not OVERLAY.fullmatch(given.overlay):
        parser.error(f"--overlay is {given.overlay!r}; it must be a folder below {overlay.parent}")
    if not (overlay / "kustomization.yaml").exists():
        parser.error(f"--overlay is {given.overlay!r}; there is no {overlay}/kustomization.yaml")
    try:
        written = files(given.mic, given.addresses, given.overlay, given.standby)
    except ValueError as error:
        parser.error(str(error))
    folder = overlay / "venues" / given.mic.lower()
    folder.mkdir(parents=True, exist_ok=True)
    for old in set(folder.glob("*.yaml")) - {folder / name for name in written}:
        old.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    relative = Path("venues") / given.mic.lower()
    sys.stdout.write(
        f"wrote {folder}; list {relative} under resources of {overlay}/kustomization.yaml\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
