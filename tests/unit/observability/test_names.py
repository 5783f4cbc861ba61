"""Rules and dashboards use metrics and labels that exist, and each alert has its runbook."""

import json
import re

import pytest
import yaml

from observability.boards.build import BOARDS, expressions
from observability.catalogue import FOREIGN, MODULES, exported, ours
from observability.generated import HERE, ROOT, files
from observability.promql import labels_of, names_of
from observability.slo import SLOS
from tests.support.sources import package_files, text_of
from tests.unit.meshctl.test_roles import HELPS

RULES = [
    rule
    for file in sorted((HERE / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
EXPRESSIONS = {
    rule.get("alert") or f"{rule['record']} {rule['labels']}": rule["expr"] for rule in RULES
}
EXPRESSIONS |= {
    f"{board}: {panel} {number}": text for number, (board, panel, text) in enumerate(expressions())
}
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text("utf-8")
RUNBOOKS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^#|\Z)", OPERATIONS, re.MULTILINE | re.DOTALL))
# Of Prometheus' targets, alerts and recorded series, and of what other programs export.
LABELS_OF_OTHERS = {
    "job", "instance", "le", "alertname", "alertstate", "severity", "slo",
    "envoy_http_conn_manager_prefix", "envoy_response_code_class", "envoy_cluster_name",
}  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_every_name_and_label_exists(expression: str) -> None:
    names = names_of(expression)
    assert names or "vector(" in expression
    assert names <= exported() | RECORDED
    declared = {label for group in ours().values() for one in group for label in one.labels}
    assert labels_of(expression) <= declared | LABELS_OF_OTHERS


@pytest.mark.parametrize(
    ("expression", "names", "labels"),
    [
        ('sum by (a, b) (rate(x_total{c=~"y|z"}[5m])) > 3', {"x_total"}, {"a", "b", "c"}),
        ("(up == bool 1) and on (job) p:q:r5m unless z offset 5m", {"up", "p:q:r5m", "z"}, {"job"}),
        ('x{l="a{b}c, y"} * on (s) group_left (v) y', {"x", "y"}, {"l", "s", "v"}),
        ("time() - min without (i) (t_seconds)", {"t_seconds"}, {"i"}),
    ],
)
def test_names_are_found(expression: str, names: set[str], labels: set[str]) -> None:
    assert names_of(expression) == names
    assert labels_of(expression) == labels


def test_what_others_export_is_used() -> None:
    used = set().union(*map(names_of, EXPRESSIONS.values()))
    spare = {"process_open_fds", "process_max_fds", "process_start_time_seconds"}
    assert set(FOREIGN) - used <= spare


def test_no_module_declares_metrics_unknown_to_the_list() -> None:
    declares = re.compile(
        r"^[A-Za-z_]+(?:: Final)? = (?:scraped_)?(?:counter|gauge|histogram)\(", re.MULTILINE
    )
    found = {
        ".".join(path.with_suffix("").parts)
        for path in package_files()
        if declares.search(text_of(path))
    }
    assert found == set(MODULES)


def test_metrics_are_declared_in_one_way() -> None:
    direct = re.compile(r"\b(?:Counter|Gauge|Histogram|Summary|MetricFamily)\(\s*\"")
    wrong = [
        str(path) for path in package_files()
        if direct.search(text_of(path)) and not path.is_relative_to("mesh/telemetry")
    ]  # fmt: skip
    assert wrong == []


def test_names_follow_the_scheme() -> None:
    every = [one for group in ours().values() for one in group]
    assert len(every) > 100
    for one in every:
        assert not set(one.labels) & {"account", "account_id", "user", "order", "session_id", "mic"}
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert re.fullmatch(r"(ordermesh|grpc_server)_[a-z0-9_]+", one.name)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])
def test_every_alert_has_its_runbook(alert) -> None:
    name = alert["alert"]
    assert alert["annotations"]["runbook"] == f"docs/OPERATIONS.md#{name.lower()}"
    assert alert["labels"]["severity"] in {"page", "ticket", "info"}
    text = RUNBOOKS[name]
    assert "**Means**" in text
    assert "**Look**" in text
    assert "**Do**" in text


def test_every_runbook_has_its_alert() -> None:
    assert set(RUNBOOKS) == {one["alert"] for one in ALERTS}


def test_the_commands_of_the_page_exist() -> None:
    given = set(re.findall(r"`ordermesh ([a-z -]+)", OPERATIONS))
    commands = set(HELPS)
    for words in given:
        parts = words.strip().split()
        known = {" ".join(parts[:count]) for count in range(1, len(parts) + 1)}
        assert known & commands, words


def test_the_page_names_every_objective() -> None:
    for one in SLOS:
        assert f"| `{one.name}` |" in OPERATIONS


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_generated_files_are_fresh(path) -> None:
    assert path.read_text("utf-8") == files()[path], "run python -m observability"


def test_each_curve_of_a_panel_has_a_name_of_its_own() -> None:
    for board in BOARDS:
        for panel in board.panels:
            names = [query.legend for query in panel.queries]
            assert len(names) == len(set(names)), (board.name, panel.title)


def test_what_only_the_owner_of_a_session_knows_is_shown_of_the_owner() -> None:
    for board, panel, text in expressions():
        if re.search("_seq_num|last_message_age|clock_skew", text):
            assert "session_owner == 1" in text, (board, panel)


def test_dashboards_are_what_grafana_imports() -> None:
    assert {one.stem for one in (HERE / "dashboards").glob("*.json")} == {
        one.name for one in BOARDS
    }
    for board in BOARDS:
        made = json.loads((HERE / "dashboards" / f"{board.name}.json").read_text("utf-8"))
        assert made["uid"] == f"ordermesh-{board.name}"
        assert made["schemaVersion"] >= 39
        assert [one["name"] for one in made["templating"]["list"]] == ["datasource"]
        ids = [panel["id"] for panel in made["panels"]]
        assert len(ids) == len(set(ids)) == len(board.panels)
        for panel in made["panels"]:
            assert panel["targets"]
            assert panel["datasource"]["uid"] == "${datasource}"
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
