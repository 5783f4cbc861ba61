"""The template and its values fit each other, and no value can break out."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.render import RenderError, fill, main, render, values_from
from edge.services import (
    INTERNAL_SERVICES,
    PUBLIC_SERVICES,
    generated_descriptors,
    rpc_paths,
    service_names,
    transcoder_descriptors,
)
from edge.values import (
    PLACEHOLDER_WEB_ROOT,
    EnvoyValues,
    upstreams_in_cluster,
    web_root_or_placeholder,
)
from edge.web import WEB_FILE_MAX_BYTES, WEB_FILES_MAX, WebFilesError, web_routes

VALUES = EnvoyValues.from_certificates(Path("/tls"), descriptors=Path("/run/descriptors.binpb"))


@pytest.fixture(scope="module")
def rendered() -> str:
    return render(VALUES)


@functools.cache
def usual_routes() -> list[dict[str, Any]]:
    """The routes of VALUES; a test must not change them."""
    return edge_routes(VALUES)


def edge_routes(values: EnvoyValues) -> list[dict[str, Any]]:
    config = yaml.load(render(values), yaml.CSafeLoader)
    (edge,) = [one for one in config["static_resources"]["listeners"] if one["name"] == "edge"]
    manager = edge["filter_chains"][0]["filters"][0]
    return manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]


def test_every_service_of_the_contracts_is_either_public_or_internal():
    assert service_names(generated_descriptors()) == set(PUBLIC_SERVICES) | INTERNAL_SERVICES
    assert not set(PUBLIC_SERVICES) & INTERNAL_SERVICES


def test_internal_services_have_no_route():
    for service in INTERNAL_SERVICES:
        for route in usual_routes():
            path = route["match"].get("path", "") + route["match"].get("prefix", "")
            assert service not in path


def test_streams_have_no_timeout_and_four_heartbeats_of_idling():
    routes = {route["match"].get("path"): route for route in usual_routes()}
    files = generated_descriptors()
    streams = [
        path for service in PUBLIC_SERVICES for path in rpc_paths(files, service, streaming=True)
    ]
    assert len(streams) >= 5
    for path in streams:
        assert routes[path]["route"]["timeout"] == "0s"
        assert int(routes[path]["route"]["idle_timeout"].removesuffix("s")) >= 4 * 60


def test_only_a_call_that_reached_no_service_is_tried_again():
    for route in usual_routes():
        policy = route.get("route", {}).get("retry_policy")
        if route.get("route", {}).get("cluster", "").startswith("svc_"):
            assert policy["retry_on"] == "connect-failure,refused-stream"
        else:
            assert policy is None


def test_only_tokenless_routes_turn_verification_off():
    without = {
        route["match"].get("path") or route["match"]["prefix"]
        for route in usual_routes()
        if "envoy.filters.http.jwt_authn" in route.get("typed_per_filter_config", {})
    }
    service = "/ordermesh.identity.v1.AuthService"
    assert without == {
        "/healthz",
        "/",
        "/index.html",
        *(f"{service}/{name}" for name in ("Login", "Refresh", "Logout", "GetJwks")),
    }


OTHER = {
    int: lambda value: value + 7,
    str: lambda value: f"{value}1",
    Path: lambda value: Path("/elsewhere") / value.name,
    tuple: lambda value: (*value, "http://other:1"),
    dict: lambda value: dict.fromkeys(value, ("other:1",)),
}


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(EnvoyValues)])
def test_every_value_has_an_effect(field, rendered, tmp_path):
    value = getattr(VALUES, field)
    other = next(change(value) for kind, change in OTHER.items() if isinstance(value, kind))
    if field == "web_root":
        (tmp_path / "index.html").touch()
        other = tmp_path
    assert render(dataclasses.replace(VALUES, **{field: other})) != rendered


@pytest.mark.parametrize("name", VALUES.upstreams)
def test_every_upstream_has_an_effect(name, rendered):
    other = {**VALUES.upstreams, name: ("other:1",)}
    assert render(dataclasses.replace(VALUES, upstreams=other)) != rendered


def test_in_a_cluster_every_upstream_is_a_service():
    assert upstreams_in_cluster()["oms"] == ("svc-oms:50051",)
    assert upstreams_in_cluster()["identity_keys"] == ("svc-identity:9159",)
    values = values_from([*NEEDED, "oms=a:1"], upstreams_in_cluster())
    assert values.upstreams == {**upstreams_in_cluster(), "oms": ("a:1",)}


def test_a_place_without_a_value_is_refused():
    with pytest.raises(RenderError, match=r"no value for \['two'\]"):
        fill("a: ${one}\nb: ${two}\n", {"one": 1})


def test_a_value_without_a_place_is_refused():
    with pytest.raises(RenderError, match=r"no place for \['two'\]"):
        fill("a: ${one}\n", {"one": 1, "two": 2})


def test_a_stray_dollar_is_refused():
    with pytest.raises(RenderError, match="neither"):
        fill("a: $\n", {})


@pytest.mark.parametrize("text", ['"', "a: b", "${one}", "$$", "\n- x", "#", "\\", "{}"])
def test_no_value_breaks_out_of_its_place(text):
    template = "one: ${one}\nmany:\n  - ${many}\nlast: 1\n"
    result = yaml.safe_load(fill(template, {"one": text, "many": [text, {"key": text}]}))
    assert result == {"one": text, "many": [text, {"key": text}], "last": 1}


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example", "https://a.example/", "a.example", "null"]
)
def test_origins_are_exact(origin):
    with pytest.raises(RenderError, match="exactly"):
        render(dataclasses.replace(VALUES, allowed_origins=(origin,)))


@pytest.mark.parametrize("bind", ["8443", ":8443", "127.0.0.1:", "127.0.0.1:http"])
def test_malformed_addresses_are_refused(bind):
    with pytest.raises(RenderError, match="host:port"):
        render(dataclasses.replace(VALUES, tls_bind=bind))


def test_error_details_can_be_written_as_json():
    descriptors = transcoder_descriptors()
    assert b"ErrorInfo" in descriptors
    assert b"RetryInfo" in descriptors


def test_without_a_built_web_app_the_placeholder_is_served(tmp_path):
    assert web_root_or_placeholder(tmp_path) == PLACEHOLDER_WEB_ROOT
    (tmp_path / "index.html").touch()
    assert web_root_or_placeholder(tmp_path) == tmp_path


def test_web_files_by_name_with_type_and_caching(tmp_path):
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/index-abc.js", "assets/index-abc.js.map", "favicon.svg"):
        (tmp_path / name).write_text(name)
    routes = {route["match"]["path"]: route for route in web_routes(tmp_path)}
    assert set(routes) == {"/", "/index.html", "/assets/index-abc.js", "/favicon.svg"}
    headers = {
        path: {h["header"]["key"]: h["header"]["value"] for h in route["response_headers_to_add"]}
        for path, route in routes.items()
    }
    assert headers["/"]["cache-control"] == "no-cache"
    assert "immutable" in headers["/assets/index-abc.js"]["cache-control"]
    assert headers["/favicon.svg"]["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("name", ["secret.pem", "Makefile"])
def test_files_of_unknown_type_are_refused_rather_than_published(tmp_path, name):
    (tmp_path / "index.html").touch()
    (tmp_path / name).touch()
    with pytest.raises(WebFilesError, match="no content type"):
        web_routes(tmp_path)


def test_hsts_only_where_asked_for():
    assert "strict-transport-security" not in render(VALUES)
    assert "max-age=31536000" in render(dataclasses.replace(VALUES, hsts_max_age_s=31_536_000))


def test_a_web_folder_without_a_page_too_many_or_too_great_files_is_refused(tmp_path):
    with pytest.raises(WebFilesError, match=r"no index\.html"):
        web_routes(tmp_path)
    (tmp_path / "index.html").write_bytes(b"x" * (WEB_FILE_MAX_BYTES + 1))
    with pytest.raises(WebFilesError, match=f"at most {WEB_FILE_MAX_BYTES}"):
        web_routes(tmp_path)
    for number in range(WEB_FILES_MAX):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(WebFilesError, match=f"at most {WEB_FILES_MAX}"):
        web_routes(tmp_path)


FILES = [f"{name}=/tls/{name}" for name in ("tls_cert", "tls_key", "client_cert", "client_key")]
NEEDED = [*FILES, "ca=/tls/ca", "descriptors=/run/descriptors.binpb"]


def test_values_as_texts():
    values = values_from([*NEEDED, "oms=a:1,b:2", "hsts_max_age_s=5", "jwt_issuer=x=y"])
    assert (values.upstreams["oms"], values.hsts_max_age_s, values.jwt_issuer) == (
        ("a:1", "b:2"),
        5,
        "x=y",
    )
    assert values.tls_cert == Path("/tls/tls_cert")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ([*NEEDED, "colour=red"], "colour=red.*is not name=value"),
        ([*NEEDED, "oms"], "is not name=value"),
        ([*NEEDED, "hsts_max_age_s=long"], "hsts_max_age_s: 'long' is not a whole number"),
        (FILES, "'ca' and 'descriptors'"),
    ],
)
def test_wrong_texts_say_what_is_wrong(settings, says):
    with pytest.raises(RenderError, match=says):
        values_from(settings)


def test_the_command_writes_all_the_edge_needs(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "etc"
    words = [word for setting in NEEDED[:-1] for word in ("--set", setting)]
    command = ["render", str(folder), "--web", str(tmp_path / "none"), *words]
    monkeypatch.setattr("sys.argv", command)
    for _ in range(2):
        main()
    assert capsys.readouterr().out.split() == [str(folder / "envoy.yaml")] * 2
    assert (folder / "web" / "index.html").is_file()
    assert (folder / "descriptors.binpb").stat().st_size > 10_000
    monkeypatch.setattr("sys.argv", [*command, "--set", "oms="])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "needs an address" in capsys.readouterr().err
