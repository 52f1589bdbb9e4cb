"""``/api/createtorrent``."""

import asyncio
import base64
import os
import time
from pathlib import Path

from triblerd import __version__
from triblerd.errors import FailedError, InvalidInputError, OperationError, UnavailableError
from triblerd.http.endpoint import Encoded, encode_json, route
from triblerd.services import Configuration, FileRoots
from triblerd_createtorrent.api import SourceFile, TorrentJobs, TorrentMaker, TorrentRecipe, Version
from triblerd_downloads.api import Downloads
from triblerd_tribler8.createtorrent.choosing import Chosen, Wanted, choose, is_name, nodes_in
from triblerd_tribler8.createtorrent.placing import Placing, can_place
from triblerd_tribler8.createtorrent.schemas import CreateBody, Created, Trial, TrialBody
from triblerd_tribler8.parts import Dialect

_EXAMPLE = {"files": ["/srv/data/album"], "filenames": ["album"], "name": "album", "torrent_version": "hybrid"}


class CreatetorrentPart(Dialect):
    """Torrents made of files on the daemon's machine."""

    prefix = "/api/createtorrent"

    @route(
        "POST",
        "",
        answers=Created,
        media_type="text/plain; charset=utf-8",
        raises=(InvalidInputError, FailedError, OperationError, UnavailableError),
        examples={"body": _EXAMPLE},
    )
    async def create(self, body: CreateBody) -> Encoded:
        """Make a torrent, seed it, and answer when all its data are hashed. The answer is JSON, in spite of its type.

        Each file gets a second name in `export_dir`, below the torrent's name if there are several; where the file
        system cannot do that it is copied. A file that is there already is left alone, and used. Links in directories
        are followed as long as they stay in there.
        """
        jobs, maker = self.need(TorrentJobs), self.need(TorrentMaker)
        self.need(Downloads)
        files, filenames = _listed("files", body.files), _listed("filenames", body.filenames)
        if not files:
            msg = "files parameter missing"
            raise InvalidInputError(msg)
        wanted = Wanted(files=files, filenames=filenames, name=body.name or "")
        trackers, nodes = _listed("trackers", body.trackers), _listed("initial_nodes", body.initial_nodes)
        top = self._export_dir(body.export_dir)
        chosen = await choose(maker, wanted)
        placing = Placing(top)
        try:
            placed, size = await asyncio.to_thread(_placed, placing, chosen)
            recipe = TorrentRecipe(
                name=chosen.name,
                files=placed,
                version=body.torrent_version or Version.V1,
                tiers=tuple((url,) for url in trackers if url),
                comment=body.description or "",
                created_by=f"Tribler version: {__version__}",
                creation_date=int(time.time()),
                nodes=tuple(nodes_in(nodes)),
            )
            raw = await jobs.make(recipe, size=size, seed_from=str(top))
        except Exception:  # all of them: whoever is told that it failed finds nothing of it
            await asyncio.to_thread(placing.undo)
            raise
        return Encoded(encode_json(Created(base64.b64encode(raw).decode())))

    @route("POST", "/dryrun", examples={"body": {"name": "album", "export_dir": "/srv/torrents"}})
    async def try_out(self, body: TrialBody) -> Trial:
        """Tell whether a torrent of that name could be seeded from that directory."""
        if not body.name or not is_name(body.name):
            msg = "invalid name"
            raise InvalidInputError(msg)
        try:
            top = self._export_dir(body.export_dir)
        except InvalidInputError:
            return Trial(success=False)
        return Trial(success=await asyncio.to_thread(can_place, top, body.name))

    def _export_dir(self, given: str | None) -> Path:
        """Return the directory that is given, else where downloads are saved.

        Raises:
            InvalidInputError: it is relative, or not allowed.
        """
        if not given:
            defaults = self.context.service(Configuration).values()["download_defaults"]
            given = str(Path(str(defaults["saveas"])).expanduser())
        if not given.startswith("/") or "\0" in given:
            msg = "export_dir must be an absolute path"
            raise InvalidInputError(msg)
        if not self.context.service(FileRoots).allow(Path(given)):
            msg = f"export_dir {given} is outside of the allowed directories"
            raise InvalidInputError(msg)
        return Path(given)


def _placed(placing: Placing, chosen: Chosen) -> tuple[tuple[SourceFile, ...], int]:
    """Put the files where they are seeded from; return them as they are there, and their bytes. For a thread."""
    placed, size = [], 0
    for file in chosen.files:
        path = chosen.path_of(file)
        size += placing.place(file.source, path)
        placed.append(SourceFile(os.fsencode(os.path.realpath(placing.top / path)), file.path))
    return tuple(placed), size


def _listed(name: str, value: list[str] | str | None) -> list[str]:
    if isinstance(value, str) and value:
        msg = f"{name}: expected array | null, got str"
        raise InvalidInputError(msg)
    return value if isinstance(value, list) else []
