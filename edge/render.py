"""Renders `envoy.yaml.tmpl`.

The template is YAML with `${name}` in the places that differ. Every value is written
as JSON, which is YAML, so a value cannot change the structure. A name without a value
and a value without a name are both errors: a forgotten setting and a setting without
effect are both noticed.
"""

import argparse
import dataclasses
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import yaml

from deploy.process import Process
from deploy.processes import KEYS
from edge.connections import group_chains, group_matcher, tls_transport
from edge.json_names import script
from edge.replies import GRPC, GRPC_WEB, local_reply_config, replies
from edge.services import (
    PUBLIC_SERVICES,
    TOKENLESS_SERVICES,
    generated_descriptors,
    rpc_paths,
    transcoder_descriptors,
)
from edge.values import (
    UPSTREAMS,
    EnvoyValues,
    upstreams_in_cluster,
    upstreams_on_loopback,
    web_root_or_placeholder,
)
from edge.web import TOKENLESS, WEB_FILE_MAX_BYTES, WebFilesError, filter_disabled, web_routes
from kernel.well_known import HEALTH_PATH, SERVICE_DOMAIN

TEMPLATE = Path(__file__).parent.parent / "envoy" / "envoy.yaml.tmpl"
CLUSTER_TEMPLATE = TEMPLATE.with_name("cluster.yaml.tmpl")
BUILT_WEB = Path(__file__).parent.parent / "web" / "dist"
CONFIG_NAME = "envoy.yaml"
DESCRIPTORS_NAME = "descriptors.binpb"
CORS_MAX_AGE_S = 3_600
NOT_REACHED = {
    "retry_on": "connect-failure,refused-stream",
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3"
                ".PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 3,
}
"""Tries another replica if a call reached none: the connection was refused, or it was closing."""
UNLIMITED_BODY = filter_disabled("body_size_limit")
"""For streams: their total size has no bound; the services bound each message."""

NOT_JSON = f"{GRPC}|{GRPC_WEB}"
"""Content types that the transcoder leaves alone."""
JSON_NAMES = {
    "envoy.filters.http.lua": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute",
        "name": "json_names",
    },
    "envoy.filters.http.grpc_json_transcoder": {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
        "config": {},
    },
}
_JSON_METHOD = {"name": ":method", "string_match": {"safe_regex": {"regex": "POST|OPTIONS"}}}
"""OPTIONS, because a browser asks for leave before it calls from another origin."""


class RenderError(ValueError):
    """The template and the values do not match."""


def render(values: EnvoyValues) -> str:
    """Write the configuration of one Envoy.

    Raises:
        RenderError: A value is missing, unused or malformed.
    """
    return fill(TEMPLATE.read_text(encoding="utf-8"), _replacements(values))


def write(folder: Path, values: EnvoyValues) -> Path:
    """Write envoy.yaml into a folder, and the descriptors to the path in the values.

    Returns:
        The path of envoy.yaml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values.descriptors.write_bytes(transcoder_descriptors())
    config = folder / CONFIG_NAME
    config.write_text(render(values), encoding="utf-8")
    return config


def fill(template_text: str, replacements: dict[str, Any]) -> str:
    """Replace the names of a template by JSON, strictly.

    A placeholder alone after "- " on its line takes a list: one line per item.
    """
    template = Template(template_text)
    if not template.is_valid():
        raise RenderError("the template has a '$' that is neither ${name} nor $$")
    wanted = set(template.get_identifiers())
    if missing := wanted - set(replacements):
        raise RenderError(f"no value for {sorted(missing)}")
    if unused := set(replacements) - wanted:
        raise RenderError(f"no place for {sorted(unused)}")

    def items(match: re.Match[str]) -> str:
        return "".join(
            f"{match['indent']}- {json.dumps(item)}\n".replace("$", "$$")
            for item in replacements[match["name"]]
        )

    in_lists = re.sub(r"(?m)^(?P<indent> *)- \$\{(?P<name>\w+)\}\n", items, template_text)
    text = Template(in_lists).substitute({k: json.dumps(v) for k, v in replacements.items()})
    try:
        yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise RenderError(f"the result is not YAML: {error}") from error
    return text


def _replacements(values: EnvoyValues) -> dict[str, Any]:
    """Return the names that the template may use."""
    return {
        "tls_address": _address(values.tls_bind),
        "plain_address": _address(values.plain_bind),
        "admin_address": _address(values.admin_bind),
        "ops_address": _address(values.ops_bind),
        "descriptors": str(values.descriptors),
        "clusters": [_cluster(one, values) for one in UPSTREAMS],
        "keys_cluster": f"{KEYS.module}_keys",
        "keys_endpoints": _endpoints(values.upstreams[f"{KEYS.name}_keys"]),
        "keys_dns_name": _dns_name(KEYS),
        "client_cert": str(values.client_cert),
        "client_key": str(values.client_key),
        "ca": str(values.ca),
        "admin_endpoints": _endpoints((values.admin_bind,)),
        "public_services": sorted(PUBLIC_SERVICES),
        "tokenless": TOKENLESS,
        "service_routes": _service_routes(values),
        "cors": _cors(values.allowed_origins),
        "web_routes": web_routes(values.web_root),
        "web_file_max_bytes": WEB_FILE_MAX_BYTES,
        "security_headers": _security_headers(values),
        "jwt_issuer": values.jwt_issuer,
        "jwt_audience": values.jwt_audience,
        "access_log": values.access_log,
        "request_body_max_bytes": values.request_body_max_bytes,
        "json_response_max_bytes": values.json_response_max_bytes,
        "flood_requests_per_second": values.flood_requests_per_second,
        "flood_burst_requests": values.flood_burst_requests,
        "address_requests_per_second": values.address_requests_per_second,
        "address_burst_requests": values.address_burst_requests,
        "addresses_counted_max": values.addresses_counted_max,
        "trusted_hops": values.trusted_hops,
        "client_address_headers": _client_address(values.trusted_hops),
        "all_connections_max": values.connections_max + values.plain_connections_max,
        "connections_max": values.connections_max,
        "plain_connections_max": values.plain_connections_max,
        "group_matcher": group_matcher(),
        "tls_chains": group_chains(
            "tls",
            values.connections_per_address_max,
            tls_transport(str(values.tls_cert), str(values.tls_key), values.handshake_timeout_s),
        ),
        "plain_chains": group_chains("plain", values.connections_per_address_max, None),
        "request_arrival_timeout": f"{values.request_arrival_s}s",
        "connection_idle_timeout": f"{values.connection_idle_s}s",
        "idle_timeout": f"{values.unary_timeout_s}s",
        "json_names": script(generated_descriptors(), PUBLIC_SERVICES),
        "local_reply_config": local_reply_config(
            replies(
                unary_timeout_s=values.unary_timeout_s,
                request_body_max_bytes=values.request_body_max_bytes,
                request_arrival_s=values.request_arrival_s,
            )
        ),
    }


def _cluster(process: Process, values: EnvoyValues) -> Any:
    """Give the cluster of a process from its own template."""
    replacements = {
        "name": process.module,
        "dns_name": _dns_name(process),
        "endpoints": _endpoints(
            values.upstreams[process.name], values.upstreams[f"{process.name}_health"]
        ),
        "health_path": HEALTH_PATH,
        "client_cert": str(values.client_cert),
        "client_key": str(values.client_key),
        "ca": str(values.ca),
        "upstream_streams_max": values.upstream_streams_max,
        "health_check_interval": f"{values.health_check_interval_s}s",
    }
    return yaml.load(
        fill(CLUSTER_TEMPLATE.read_text(encoding="utf-8"), replacements), yaml.CSafeLoader
    )


def _dns_name(process: Process) -> str:
    """Return the name in the certificate of a process."""
    return f"{process.service}{SERVICE_DOMAIN}"


def _address(bind: str) -> dict[str, Any]:
    host, separator, port = bind.rpartition(":")
    if not separator or not host or not port.isdecimal():
        raise RenderError(f"an address is host:port, not {bind!r}")
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


def _endpoints(targets: tuple[str, ...], health: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    if not targets:
        raise RenderError("a cluster needs an address")
    endpoints: list[dict[str, Any]] = [{"address": _address(target)} for target in targets]
    if health:
        for endpoint, target in zip(endpoints, health, strict=True):
            port = _address(target)["socket_address"]["port_value"]
            endpoint["health_check_config"] = {"port_value": port}
    return [{"endpoint": endpoint} for endpoint in endpoints]


def _service_routes(values: EnvoyValues) -> list[dict[str, Any]]:
    """Route every rpc by its exact path, streams without a timeout.

    By exact path, because a name that is no rpc then gets 404 here. With a prefix route the
    service would answer it in gRPC only, and a JSON client would read a 503.
    """
    files = generated_descriptors()
    routes = []
    for service, cluster in sorted(PUBLIC_SERVICES.items()):
        per_filter: dict[str, Any] = {}
        if service in TOKENLESS_SERVICES:
            per_filter = TOKENLESS
        for path in rpc_paths(files, service, streaming=True):
            action = {
                "cluster": cluster,
                "timeout": "0s",
                "idle_timeout": f"{values.stream_idle_timeout_s}s",
            }
            routes.append(_grpc_route(path, action, per_filter | UNLIMITED_BODY))
            routes.append(_json_route(path, action, per_filter, values))
        for path in rpc_paths(files, service, streaming=False):
            action = {"cluster": cluster, "timeout": f"{values.unary_timeout_s}s"}
            routes.append(_grpc_route(path, action, per_filter))
            routes.append(_json_route(path, action, per_filter, values))
    return routes


def _grpc_route(path: str, action: dict[str, Any], filters: dict[str, Any]) -> dict[str, Any]:
    """Route what is gRPC or gRPC-Web by its content type."""
    kind = {"name": "content-type", "string_match": {"safe_regex": {"regex": NOT_JSON}}}
    return _route({"path": path, "headers": [kind]}, action, filters)


def _json_route(
    path: str, action: dict[str, Any], filters: dict[str, Any], values: EnvoyValues
) -> dict[str, Any]:
    """Route everything else, which the transcoder takes as JSON: its names are checked first.

    The whole request is needed for that, so its size is bounded, also where requests stream.
    """
    route = _route({"path": path, "headers": [_JSON_METHOD]}, action, filters | JSON_NAMES)
    return route | {"request_body_buffer_limit": values.request_body_max_bytes}


def _route(
    match: dict[str, Any], action: dict[str, Any], filters: dict[str, Any]
) -> dict[str, Any]:
    route = {"match": match, "route": action | {"retry_policy": NOT_REACHED}}
    return route | {"typed_per_filter_config": filters} if filters else route


def _client_address(trusted_hops: int) -> list[dict[str, Any]]:
    """Let the last entry of x-forwarded-for be the client also behind proxies of our own."""
    if trusted_hops == 0:
        return []  # it is: Envoy adds the address of the connection
    address = {"key": "x-forwarded-for", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
    return [{"header": address, "append_action": "APPEND_IF_EXISTS_OR_ADD"}]


def _cors(origins: tuple[str, ...]) -> dict[str, Any]:
    for origin in origins:
        if not re.fullmatch(r"https?://[a-zA-Z0-9.-]+(:[0-9]+)?", origin):
            raise RenderError(f"an origin is scheme://host[:port] exactly, not {origin!r}")
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in origins],
        "allow_methods": "POST",
        "allow_headers": "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent",
        "expose_headers": "grpc-status,grpc-message,grpc-status-details-bin",
        "max_age": str(CORS_MAX_AGE_S),
        # Envoy, not a service, answers an origin that is not listed.
        "forward_not_matching_preflights": False,
    }


def _security_headers(values: EnvoyValues) -> list[dict[str, Any]]:
    """Headers of every answer; harmless for API clients, needed by browsers."""
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    headers = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
    }
    if values.hsts_max_age_s:
        headers["strict-transport-security"] = f"max-age={values.hsts_max_age_s}"
    return [
        {
            "append": {
                "header": {"key": key, "value": value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        }
        for key, value in headers.items()
    ]


def values_from(
    settings: list[str], at: Mapping[str, tuple[str, ...]] | None = None
) -> EnvoyValues:
    """Read values from "name=value" texts; addresses and origins with commas between.

    Args:
        settings: The texts; an upstream is given by its name, as in "oms=host:port".
        at: Every upstream's addresses where no text gives them; on this machine if left out.

    Raises:
        RenderError: A name is unknown, a value malformed, or one without default missing.
    """
    kinds = {field.name: field.type for field in dataclasses.fields(EnvoyValues)}
    at = upstreams_on_loopback() if at is None else at
    kinds |= dict.fromkeys(at, tuple[str, ...])
    del kinds["upstreams"]
    given: dict[str, Any] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or name not in kinds:
            raise RenderError(f"{setting!r} is not name=value with one of {', '.join(kinds)}")
        try:
            given[name] = _read(kinds[name], text)
        except ValueError as error:
            raise RenderError(f"{name}: {text!r} is not a whole number") from error
    upstreams = {name: given.pop(name, addresses) for name, addresses in at.items()}
    try:
        return EnvoyValues(upstreams=upstreams, **given)
    except TypeError as error:
        raise RenderError(str(error).partition("__init__() ")[2]) from error


def _read(kind: Any, text: str) -> Any:
    if kind is Path or kind is int:
        return kind(text)
    return text if kind is str else tuple(part for part in text.split(",") if part)


def main() -> None:
    """Write the configuration into a folder; Kubernetes does this before Envoy starts."""
    parser = argparse.ArgumentParser(description="Write Envoy's configuration into a folder.")
    parser.add_argument("folder", type=Path, help="envoy.yaml and descriptors.binpb go here")
    parser.add_argument(
        "--web", type=Path, default=BUILT_WEB, help="built web app; copied to FOLDER/web and served"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="see edge/values.py"
    )
    parser.add_argument(
        "--in-cluster", action="store_true", help="the services are at their Kubernetes Services"
    )
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    web = folder / "web"
    settings = [f"descriptors={folder / DESCRIPTORS_NAME}", f"web_root={web}", *arguments.set]
    try:
        values = values_from(settings, upstreams_in_cluster() if arguments.in_cluster else None)
        shutil.rmtree(web, ignore_errors=True)
        shutil.copytree(web_root_or_placeholder(arguments.web), web)
        config = write(folder, values)
    except (RenderError, WebFilesError) as error:
        parser.exit(2, f"{error}\n")
    print(config)  # noqa: T201  the answer


if __name__ == "__main__":
    main()
