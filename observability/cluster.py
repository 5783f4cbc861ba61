"""The Kubernetes component of monitoring: the same rules and dashboards for Prometheus Operator.

Its kinds are those of the operator (monitoring.coreos.com/v1). Dashboards are ConfigMaps with the
label by which Grafana's sidecar finds them.
"""

import json
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.processes import SERVICES
from observability import slo
from observability.boards.build import boards

WRITTEN: Final = "# Written by `python -m observability`: change observability/.\n"
RULES: Final = Path(__file__).parent / "rules" / "alerts.yml"
SCRAPED: Final = (*(one.service for one in SERVICES), "envoy")
INTERVAL_S: Final = 15
_NAME: Final = "app.kubernetes.io/name"


def files() -> dict[str, str]:
    """Return the files of k8s/components/monitoring by name."""
    texts = {
        "pod-monitor.yaml": _yaml(_pod_monitor()),
        "rules.yaml": _yaml(_rules()),
        "dashboards.yaml": "---\n".join(
            _yaml(_dashboard(name, text)) for name, text in boards().items()
        ),
    }
    head = (
        "# Rules, scrapes and dashboards for a cluster with Prometheus Operator and Grafana.\n"
        "# Add it to an overlay: `components: [../../components/monitoring]`.\n"
    )
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": list(texts),
    }
    made = {name: WRITTEN + text for name, text in texts.items()}
    return {"kustomization.yaml": WRITTEN + head + _yaml(kustomization), **made}


def _pod_monitor() -> dict[str, Any]:
    def from_(source: str, target: str) -> dict[str, Any]:
        return {"sourceLabels": [f"__meta_kubernetes_{source}"], "targetLabel": target}

    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": "ordermesh"},
        "spec": {
            "selector": {
                "matchExpressions": [{"key": _NAME, "operator": "In", "values": list(SCRAPED)}]
            },
            "podMetricsEndpoints": [
                {
                    "port": "ops",
                    "path": "/metrics",
                    "interval": f"{INTERVAL_S}s",
                    # The names that the rules use, as in the local stack.
                    "relabelings": [
                        from_("pod_label_app_kubernetes_io_name", "job"),
                        from_("pod_name", "instance"),
                    ],
                }
            ],
        },
    }


def _rules() -> dict[str, Any]:
    written = yaml.safe_load(RULES.read_text("utf-8")), yaml.safe_load(slo.rules())
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "ordermesh"},
        "spec": {"groups": [group for one in written for group in one["groups"]]},
    }


def _dashboard(name: str, text: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"ordermesh-dashboard-{name}", "labels": {"grafana_dashboard": "1"}},
        "data": {f"{name}.json": json.dumps(json.loads(text), separators=(",", ":"))},
    }


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=100)
