"""The web page and what it is made of: a fixed table of files, read at the start."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes.paths import put
from services.gateway.routes.visit import visit_of
from services.gateway.settings import GatewaySettings

PAGE: Final = "index.html"
ICON: Final = "icon.svg"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file as it is sent."""

    data: bytes
    content_type: str
    etag: str


def web_files() -> dict[str, WebFile]:
    """Every file of the page by its name; nothing else is ever sent."""
    found = (files("services.gateway") / "web").iterdir()
    served = (file for file in found if _suffix(file.name) in _TYPES)
    return {
        file.name: _file(file.read_bytes(), _TYPES[_suffix(file.name)])
        for file in sorted(served, key=lambda file: file.name)
    }


def policy_of(settings: GatewaySettings) -> str:
    """What the page may do: run its own files, talk to us, and show the pictures we point to."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("img-src 'self' blob:", *_picture_origins(settings))),
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            # What looks like markup cannot become any, whatever the scripts do.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _file(data: bytes, content_type: str) -> WebFile:
    return WebFile(data, content_type, f'"{sha256(data).hexdigest()[:32]}"')


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


def _picture_origins(settings: GatewaySettings) -> Iterator[str]:
    """Where links to pictures lead: to the public address, and from there perhaps to the store."""
    for url in (settings.public_url, settings.s3_public_url):
        if url:
            parts = urlsplit(url)
            yield f"{parts.scheme}://{parts.netloc}"


class WebRoutes:
    """The endpoints of the page and its files."""

    def __init__(self, settings: GatewaySettings) -> None:
        own = web_files()
        self._page = own.pop(PAGE)
        self._files = own
        self._page_headers = {
            "Content-Security-Policy": policy_of(settings),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            # The answer may bring a session along, which is one visitor's alone.
            "Cache-Control": "private, no-cache",
        }

    @property
    def names(self) -> list[str]:
        """The files beside the page."""
        return list(self._files)

    async def page(self, request: Request) -> Response:
        """The web page: edit pictures and watch; also the answer at the root."""
        visit_of(request).remember()
        return _sent(request, self._page, self._page_headers)

    async def file(self, request: Request) -> Response:
        """A script, style sheet or drawing of the page."""
        found = self._files.get(str(request.scope["path_params"]["file"]))
        if found is None:
            raise not_found(ErrorCode.NOT_FOUND)
        return _sent(request, found, {"Cache-Control": "public, no-cache"})

    async def icon(self, request: Request) -> Response:
        """The icon of every page here."""
        return _sent(request, self._files[ICON], {"Cache-Control": "public, no-cache"})


def _sent(request: Request, file: WebFile, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": file.etag}
    known = request.headers.get("if-none-match", "").split(",")
    if {file.etag, f"W/{file.etag}"} & {tag.strip() for tag in known}:
        return Response(status_code=304, headers=headers)
    return Response(file.data, headers=headers, media_type=file.content_type)


def _in_path(names: list[str]) -> documents.Document:
    told = documents.in_path("file", "The file's name.", names[0])
    return {"parameters": [{**told, "schema": {"type": "string", "enum": names}}]}


def put_web(app: FastAPI, settings: GatewaySettings) -> None:
    """Put the page and its files under their paths."""
    web = WebRoutes(settings)
    kinds = {content_type.partition(";")[0] for content_type in _TYPES.values()} - {"text/html"}
    content = {kind: {"schema": {"type": "string"}} for kind in sorted(kinds)}
    sent = {"description": "The file", "content": content}
    same: documents.Document = {"description": "The client has it already."}
    absent = documents.absent(ErrorCode.NOT_FOUND)
    put(
        app,
        ["/ui", "/"],
        web.page,
        responses={200: documents.text("text/html", "The page"), 304: same},
        extra=documents.PUBLIC,
    )
    put(
        app,
        ["/static/{file}"],
        web.file,
        responses={200: sent, 304: same, **absent},
        extra={**_in_path(web.names), **documents.PUBLIC},
    )
    put(
        app,
        ["/favicon.ico"],
        web.icon,
        responses={200: documents.text("image/svg+xml", "The icon"), 304: same},
        extra=documents.PUBLIC,
    )
