"""Envoy's own refusals in the shape that the services give theirs: `local_reply_config`.

Envoy answers some calls itself: no token, a flood, a body that is too large, no service. Such an
answer carries google.rpc.Status with ErrorInfo, as every refusal of a service does
(`mesh/errors.py`): for JSON as the body, for gRPC and gRPC-Web as grpc-status, grpc-message and
grpc-status-details-bin. Envoy cannot compute these, so each cause has a constant one.
"""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from google.protobuf.json_format import MessageToDict

from mesh.errors import MeshError, refuse, to_status

JSON_FIELD = "%DYNAMIC_METADATA(ordermesh:field)%"
"""The field at fault, as envoy/json_names.lua found it; left out if there is none."""
WHAT_ENVOY_SAYS = "%LOCAL_REPLY_BODY%"
PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
TRANSCODER = "grpc_json_transcode"
"""In the code details of what Envoy's transcoder refuses itself."""
GRPC = r"application/grpc(\+[a-z]+)?"
GRPC_WEB = r"application/grpc-web(-text)?(\+proto)?"
"""No others: what Envoy's gRPC-Web filter does not know, its transcoder takes as JSON."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A cause for which Envoy answers itself.

    Attributes:
        status: Envoy's HTTP status; JSON callers get it.
        refusal: What gRPC callers get, and JSON callers unless `said_by_envoy`.
        said_by_envoy: JSON callers get Envoy's text, which says what is wrong in this request.
        flag: Only with this response flag of Envoy.
        details: Only if Envoy's code details contain this.
    """

    status: int
    refusal: MeshError
    said_by_envoy: bool = False
    flag: str = ""
    details: str = ""


def replies(
    *, unary_timeout_s: int, request_body_max_bytes: int, request_arrival_s: int
) -> tuple[Reply, ...]:
    """List the causes; the first that fits counts."""
    return (
        *_of_odd_requests(),
        *_of_callers(),
        *_of_bodies(request_body_max_bytes, request_arrival_s),
        *_of_services(unary_timeout_s),
    )


def _of_odd_requests() -> tuple[Reply, ...]:
    return (
        Reply(
            400,
            refuse("INVALID_FIELD", "the path has an escaped slash, or cannot be normalised"),
            details="path_normalization_failed",
        ),
        Reply(
            400,
            refuse("INVALID_FIELD", "the name of a header has an underscore; it should have none"),
            details="unexpected_underscore",
        ),
        Reply(
            400,
            refuse("INVALID_FIELD", "the request cannot be read as this rpc's request"),
            said_by_envoy=True,
        ),
        Reply(431, refuse("INVALID_FIELD", "the headers of the request are too large")),
    )


def _of_callers() -> tuple[Reply, ...]:
    return (
        Reply(
            401,
            refuse("TOKEN_EXPIRED", "the access token has expired: refresh it and repeat"),
            details="Jwt_is_expired",
        ),
        Reply(
            401,
            refuse(
                "UNAUTHENTICATED",
                'this rpc requires the header "authorization: Bearer <access token>" with a token '
                "that svc_identity signed",
            ),
        ),
        Reply(403, refuse("PERMISSION_DENIED", "the access token is not for this audience")),
        Reply(
            404,
            refuse(
                "RPC_NOT_FOUND",
                "there is no such rpc: call one with POST at /package.Service/Rpc",
            ),
        ),
        Reply(
            429,
            refuse("RATE_LIMITED", "too many requests; wait, then repeat", retry_after_s=1.0),
        ),
    )


def _of_bodies(request_body_max_bytes: int, request_arrival_s: int) -> tuple[Reply, ...]:
    return (
        Reply(
            408,
            refuse(
                "DEADLINE_TOO_SHORT",
                f"the request did not arrive whole within {request_arrival_s} s; nothing was "
                "started",
                limit_s=request_arrival_s,
            ),
        ),
        Reply(
            413,
            refuse(
                "INVALID_FIELD",
                f"the request is larger than {request_body_max_bytes} bytes, the most that a "
                "unary rpc takes",
                limit_bytes=request_body_max_bytes,
            ),
        ),
    )


def _of_services(unary_timeout_s: int) -> tuple[Reply, ...]:
    """List the causes of services that do not answer."""
    return (
        Reply(
            503,
            refuse("OVERLOADED", "the service has too many calls at once; nothing was started"),
            flag="UO",
        ),
        Reply(
            503,
            refuse(
                "DEPENDENCY_UNAVAILABLE",
                "the service cannot be reached, or ended the call without an answer; repeat it "
                "with the same idempotency key",
            ),
        ),
        Reply(
            504,
            refuse(
                "COMMAND_OUTCOME_UNKNOWN",
                f"no answer within {unary_timeout_s} s; it is not known whether the call took "
                "effect: repeat it with the same idempotency key, and the answer says so",
                limit_s=unary_timeout_s,
            ),
        ),
    )


def local_reply_config(causes: tuple[Reply, ...]) -> dict[str, Any]:
    """Write the mappers of all causes; what no mapper fits is an internal fault of the edge."""
    rest = Reply(500, refuse("INTERNAL", "the edge could not handle the request"))
    mappers = []
    for cause in causes:
        conditions = [_has_status(cause.status)]
        if cause.flag:
            conditions.append({"response_flag_filter": {"flags": [cause.flag]}})
        if cause.details:
            conditions.append(_details(f"contains('{cause.details}')"))
        mappers += _mappers(cause, conditions)
    mappers += _mappers(rest, [_has_status(500, "GE")])
    return {"mappers": mappers}


def _mappers(cause: Reply, conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    status = to_status(cause.refusal)
    grpc = {
        # Also JSON that was transcoded: the transcoder turns the answer into JSON again. What it
        # refuses itself it leaves as it is.
        "filter": _all(
            *conditions,
            _header("content-type", {"safe_regex": {"regex": f"{GRPC}|{GRPC_WEB}"}}),
            _details(f"contains('{TRANSCODER}') == false"),
        ),
        "status_code": 200,
        "body": {"inline_string": ""},
        "headers_to_add": _headers(
            {
                "content-type": "%REQ(content-type)%",
                "grpc-status": str(status.code),
                "grpc-message": _escaped(quote(status.message, safe=PRINTABLE)),
                "grpc-status-details-bin": base64.b64encode(status.SerializeToString()).decode(),
            }
        ),
    }
    json = {
        "filter": _all(*conditions, _NO_PAGE),
        "body_format_override": {"json_format": _json(cause), "omit_empty_values": True},
    }
    return [grpc, json]


def _json(cause: Reply) -> dict[str, Any]:
    body: dict[str, Any] = _escaped(MessageToDict(to_status(cause.refusal)))
    if cause.said_by_envoy:
        body["message"] = WHAT_ENVOY_SAYS
        body["details"][0]["metadata"]["field"] = JSON_FIELD
    return body


def _escaped(value: Any) -> Any:
    """Write constants so that Envoy takes them as they are."""
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value.replace("%", "%%") if isinstance(value, str) else value


def _all(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"and_filter": {"filters": list(filters)}}


def _has_status(status: int, comparison: str = "EQ") -> dict[str, Any]:
    value = {"default_value": status, "runtime_key": "ordermesh.not_used"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


def _details(condition: str) -> dict[str, Any]:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": f"response.code_details.{condition}",
            },
        }
    }


def _header(name: str, match: dict[str, Any]) -> dict[str, Any]:
    return {"header_filter": {"header": {"name": name, "string_match": match}}}


_NO_PAGE: dict[str, Any] = {
    "or_filter": {
        "filters": [
            {
                "header_filter": {
                    "header": {
                        "name": ":method",
                        "string_match": {"safe_regex": {"regex": "GET|HEAD"}},
                        "invert_match": True,
                        # Envoy refuses some requests before it has read their head.
                        "treat_missing_header_as_empty": True,
                    }
                }
            },
            {
                "header_filter": {
                    "header": {
                        "name": ":path",
                        "string_match": {"safe_regex": {"regex": r"/(ordermesh|grpc)\..*"}},
                    }
                }
            },
        ]
    }
}
"""What is no request of a browser for a page; such a one gets plain text."""


def _headers(values: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "header": {"key": key, "value": value},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
        for key, value in values.items()
    ]
