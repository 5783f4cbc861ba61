"""The web app as routes: Envoy holds its few files in memory and answers with them.

Envoy 1.40 has a file server filter too, but marks it as work in progress and outside its
threat model, so a public edge must not use it. One exact route per file also means that
no path, however it is written, leads to any other file.
"""

from pathlib import Path
from typing import Any

WEB_FILE_MAX_BYTES = 4 * 1_048_576
WEB_FILES_MAX = 500

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
HASHED_FOLDER = "assets"
"""Vite puts a hash of the content into the names here, so they can be kept for ever."""


def filter_disabled(name: str) -> dict[str, Any]:
    """Turn a filter off on one route."""
    config = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {f"envoy.filters.http.{name}": config}


TOKENLESS = filter_disabled("jwt_authn")
COMPRESSED = {
    "envoy.filters.http.compressor": {
        "@type": "type.googleapis.com/"
        "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute",
        "overrides": {"response_direction_config": {}},
    }
}


class WebFilesError(ValueError):
    """The folder of the web app is not the output of a build."""


def web_routes(root: Path) -> list[dict[str, Any]]:
    """List a route per file, and "/" for index.html.

    Raises:
        WebFilesError: No index.html, too many files, one too large or of unknown type.
    """
    if not (root / "index.html").is_file():
        raise WebFilesError(f"no index.html in {root}")
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".map")
    if len(files) > WEB_FILES_MAX:
        raise WebFilesError(f"{len(files)} files in {root}, at most {WEB_FILES_MAX} are served")
    routes = [_file_route("/", root / "index.html", hashed=False)]
    for file in files:
        relative = file.relative_to(root)
        hashed = relative.parts[0] == HASHED_FOLDER
        routes.append(_file_route(f"/{relative.as_posix()}", file, hashed=hashed))
    return routes


def _file_route(path: str, file: Path, *, hashed: bool) -> dict[str, Any]:
    size = file.stat().st_size
    if size > WEB_FILE_MAX_BYTES:
        raise WebFilesError(f"{file} has {size} bytes, at most {WEB_FILE_MAX_BYTES} are served")
    if file.suffix not in CONTENT_TYPES:
        raise WebFilesError(f"{file}: no content type for {file.suffix!r}")
    cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
    headers = {"content-type": CONTENT_TYPES[file.suffix], "cache-control": cache}
    return {
        "match": {
            "path": path,
            "headers": [{"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}],
        },
        "direct_response": {"status": 200, "body": {"filename": str(file.resolve())}},
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in headers.items()
        ],
        "typed_per_filter_config": TOKENLESS | COMPRESSED,
    }
