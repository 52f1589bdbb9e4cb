"""``/ui``: the files of a web interface that the user has on disk; and ``/``, which leads there."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from aiohttp import web

from triblerd.errors import UnknownPathError
from triblerd.http.endpoint import route
from triblerd_tribler8.parts import Dialect

_SCRIPT = "application/javascript"
_MEDIA_TYPES: Mapping[str, str] = {".js": _SCRIPT, ".mjs": _SCRIPT, ".tsx": _SCRIPT}
"""Those that browsers insist on, whatever this machine says of them; what others are, it knows."""
_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
"""A browser asks whether a file has changed, by its ETag, before it takes the one that it has."""
_INDEX = "index.html"


class FilePath(str):
    """The path of a file below a folder, slashes included; may be empty."""

    __slots__ = ()
    json_schema = {"type": "string"}  # noqa: RUF012 - as the protocol has it
    takes_rest = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take any text: whether there is such a file is seen later."""
        return cls(text)


class UiPart(Dialect):
    """The web interface."""

    prefix = "/ui"
    needs_key = False

    @route("GET", "")
    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Lead to the first page."""
        return _lead(self, request, f"{request.rel_url.raw_path}/")

    @route("GET", "/{path}", media_type="application/octet-stream")
    async def file(self, path: FilePath) -> web.StreamResponse:
        """Return a file of the web interface, `index.html` for an empty path."""
        folder = self.context.config.ui_directory
        found = await asyncio.to_thread(_find, folder, path or _INDEX) if folder else None
        if found is None:
            msg = f"Could not find /ui/{path}"
            raise UnknownPathError(msg)
        own = {"Content-Type": _MEDIA_TYPES[found.suffix]} if found.suffix in _MEDIA_TYPES else {}
        return web.FileResponse(found, headers={**_HEADERS, **own})


class RootPart(Dialect):
    """The root, which leads to the web interface where there is one."""

    prefix = "/"
    needs_key = False

    @route("GET", "", raises=(UnknownPathError,))
    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Lead to the web interface, with the key that the address may have."""
        return _lead(self, request, f"{request.rel_url.raw_path.rstrip('/')}/ui/")


def _lead(part: Dialect, request: web.Request, where: str) -> web.StreamResponse:
    if not part.context.config.ui_directory:
        msg = f"Could not find {request.path}"
        raise UnknownPathError(msg)
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    return web.Response(status=302, headers={"Location": where + query})


def _find(folder: str, path: str) -> Path | None:
    """Return a file below a folder; ``None`` without one, and for what is elsewhere once links are followed."""
    try:
        root = Path(folder).expanduser().resolve(strict=True)
        found = (root / path).resolve(strict=True)
        return found if found.is_relative_to(root) and found.is_file() else None
    except (OSError, ValueError, RuntimeError):  # missing, or unreadable; a NUL; links in a circle
        return None
