"""Pages for people, and the files that they are made of.

A page is a route below ``/docs`` whose answer is ``text/html``. It needs no key, as nothing of the daemon is in it:
what it shows, its script asks for. While its plugin runs, ``/docs`` links to it by the first line of its docstring. Its
script, style and pictures are routes below ``/static``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web

from triblerd.errors import UnknownPathError

MEDIA_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    "": "text/plain; charset=utf-8",
}
"""What files with these endings are."""
SAFE: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
"""Headers of each page and file: a page runs no script but its own files, and talks to nobody but the daemon."""


class StaticFiles:
    """Files of one folder, of which none is secret.

    Args:
        path: What their routes begin with, such as ``/static/hello/``.
        folder: Where they are.
        names: Those that are served, and nothing else.

    Raises:
        ValueError: nobody knows what one of them is, by its ending.
    """

    def __init__(self, path: str, folder: Path, names: Iterable[str]) -> None:
        self._path = path
        self._folder = folder
        self._media_types = {name: MEDIA_TYPES.get(Path(name).suffix, "") for name in names}
        if unknown := [name for name, media_type in self._media_types.items() if not media_type]:
            msg = (
                f"what is {', '.join(unknown)}? There are files with the endings {', '.join(filter(None, MEDIA_TYPES))}"
            )
            raise ValueError(msg)

    def answer(self, name: str) -> web.StreamResponse:
        """Return the answer to a request for one of them.

        Raises:
            UnknownPathError: it is none of them.
        """
        if name not in self._media_types:
            msg = f"Could not find {self._path}{name}"
            raise UnknownPathError(msg)
        return web.FileResponse(self._folder / name, headers={"Content-Type": self._media_types[name], **SAFE})
