"""A plugin as somebody else might write it: it reads ``shelf:`` URIs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.errors import FailedError
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_libtorrent.api import SchemeReader


class EmptyShelfError(FailedError):
    """There is nothing of that name."""


class Shelf:
    """Torrents by name: ``shelf:<name>``."""

    def __init__(self) -> None:
        self.torrents: dict[str, bytes | str] = {}

    @hookimpl(optionalhook=True)
    def triblerd_uri_schemes(self) -> Mapping[str, SchemeReader]:
        return {"shelf": self.read}

    async def read(self, uri: str, hops: int) -> bytes | str:
        del hops  # nobody is asked
        name = uri.partition(":")[2]
        if name not in self.torrents:
            msg = f"There is no {name} on the shelf"
            raise EmptyShelfError(msg)
        return self.torrents[name]


@hookimpl
def triblerd_manifest() -> Manifest:
    return Manifest("shelf", "Reads shelf: URIs.", after=("libtorrent",))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    del context
    shelf = Shelf()
    yield Running(services={Shelf: shelf}, hooks=[shelf])
