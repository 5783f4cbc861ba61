"""Settings: read once, frozen, unknown keys refused. Logs: no secrets."""

import json
from typing import ClassVar

import pytest
from pydantic import ValidationError

from mesh import log
from mesh.settings import MeshSettings, SettingsError, child_environment, load_settings


class ShopSettings(MeshSettings):
    service: ClassVar[str] = "svc-shop"
    shelf_items_max: int = 10


def test_keys_are_read_with_their_prefix():
    settings = load_settings(
        ShopSettings,
        {"ORDERMESH_BIND": "127.0.0.1:1", "ORDERMESH_SHELF_ITEMS_MAX": "7", "PATH": "/bin",
         "ORDERMESH_HOME": "/home"},
    )  # fmt: skip
    assert (settings.bind, settings.shelf_items_max) == ("127.0.0.1:1", 7)
    assert settings.drain_grace_s == 5.0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ORDERMESH_SHELF_ITEM_MAX": "7"}, "svc-shop does not know ORDERMESH_SHELF_ITEM_MAX"),
        ({"ORDERMESH_SHELF_ITEMS_MAX": "many"}, "ORDERMESH_SHELF_ITEMS_MAX: Input should be"),
        ({"ORDERMESH_LOG_LEVEL": "loud"}, "ORDERMESH_LOG_LEVEL"),
    ],
)
def test_wrong_keys_and_values_are_refused_by_name(environment, words):
    with pytest.raises(SettingsError, match=words):
        load_settings(ShopSettings, environment)


def test_settings_do_not_change_and_do_not_read_the_environment_themselves(monkeypatch):
    monkeypatch.setenv("ORDERMESH_BIND", "10.0.0.1:1")
    assert ShopSettings().bind == ""
    assert load_settings(ShopSettings).bind == "10.0.0.1:1"
    with pytest.raises(ValidationError):
        ShopSettings().bind = "x"


def test_children_get_no_keys_but_those_given(monkeypatch):
    monkeypatch.setenv("ORDERMESH_BIND", "10.0.0.1:1")
    environment = child_environment({"ORDERMESH_OPS_BIND": "127.0.0.1:2"})
    assert "ORDERMESH_BIND" not in environment
    assert environment["ORDERMESH_OPS_BIND"] == "127.0.0.1:2"


def test_log_lines_are_json_with_service_and_without_secrets(capsys):
    log.configure("svc-shop")
    log.get_logger("test").info("sold", password="hunter2", token="abc", count=3)
    written = capsys.readouterr().err
    line = json.loads(written)
    assert (line["event"], line["service"], line["count"]) == ("sold", "svc-shop", 3)
    assert "hunter2" not in written
    assert "abc" not in written
