"""From what clients send to what a job does, with the API's rules and texts."""

import time
from collections.abc import Iterable
from typing import TypeVar

from triblerd import __version__
from triblerd.errors import InvalidInputError
from triblerd.services import FileRoots
from triblerd_createtorrent.api import Gathered, TorrentMaker, TorrentRecipe, Version
from triblerd_createtorrent.exporting import export_path
from triblerd_createtorrent.jobs import Plan
from triblerd_createtorrent.layout import check_piece_length
from triblerd_createtorrent.schemas import CreateBody
from triblerd_createtorrent.seeding import Seeding

_T = TypeVar("_T")


class Requests:
    """Checks requests, and looks for the files that they name: what cannot work is refused before it waits."""

    def __init__(self, *, maker: TorrentMaker, seeding: Seeding, roots: FileRoots) -> None:
        self._maker = maker
        self._seeding = seeding
        self._roots = roots

    async def plan(self, body: CreateBody, *, download: bool) -> Plan:
        """Return what a job shall do.

        Raises:
            TriblerdError: it cannot be done.
        """
        files = _listed("files", body.files)
        if not files:
            msg = "files parameter missing"
            raise InvalidInputError(msg)
        if not all(path.startswith("/") for path in files):
            msg = "files must be absolute paths"
            raise InvalidInputError(msg)
        export_to = export_path(body.export_dir or "", body.name or "", self._roots)
        check_piece_length(body.piece_length or 0)
        tiers = _tiers(body)
        web_seeds = _given(_listed("web_seeds", body.web_seeds))
        gathered = await self._maker.gather(files, walk=bool(body.walk))
        return Plan(
            recipe=_recipe(body, gathered, tiers, web_seeds),
            size=gathered.size,
            export_to=export_to,
            seed=self._seeding.wishes(gathered.destination, body.anon_hops) if download else None,
        )


def _recipe(
    body: CreateBody, gathered: Gathered, tiers: tuple[tuple[str, ...], ...], web_seeds: tuple[str, ...]
) -> TorrentRecipe:
    date = int(time.time()) if body.creation_date is None else body.creation_date
    return TorrentRecipe(
        name=gathered.name,
        files=gathered.files,
        version=body.version or Version.V1,
        piece_length=body.piece_length or 0,
        is_private=bool(body.private),
        tiers=tiers,
        web_seeds=web_seeds,
        comment=body.description or "",
        created_by=body.created_by or f"triblerd {__version__}",
        creation_date=date or None,
        source_tag=body.source or "",
        has_padding=bool(body.padding),
    )


def _tiers(body: CreateBody) -> tuple[tuple[str, ...], ...]:
    trackers = _given(_listed("trackers", body.trackers))
    tiers = tuple(tier for urls in _listed("tiers", body.tiers) if (tier := _given(urls)))
    if trackers and tiers:
        msg = "trackers and tiers cannot both be given"
        raise InvalidInputError(msg)
    return tiers or tuple((url,) for url in trackers)


def _listed(name: str, value: list[_T] | str | None) -> list[_T]:
    """Return a list of the body, be it that an empty text stands for it."""
    if isinstance(value, str) and value:
        msg = f"{name}: expected array | null, got str"
        raise InvalidInputError(msg)
    return value if isinstance(value, list) else []


def _given(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
