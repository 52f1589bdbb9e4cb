"""``/channels``, which also answers as ``/collections``."""

import msgspec
from aiohttp import web
from msgspec import UNSET

from triblerd.errors import UnsupportedError
from triblerd.http.endpoint import Endpoint, route
from triblerd_channels.schemas import ChannelKey, ChannelsQuery, ContentsQuery, Description, Dirt, EntryList
from triblerd_identity.api import NodeKey
from triblerd_metadata.api import EntryType, Lists, MetadataStore, Order, Selection, Window

_EXAMPLE = {
    "results": [
        {
            "type": 400,
            "id": 42,
            "origin_id": 0,
            "public_key": "00112233445566778899aabbccddeeff" * 4,
            "status": 2,
            "name": "Field recordings",
            "category": "",
            "torrents": 12,
            "state": "Preview",
            "description_flag": True,
            "thumbnail_flag": False,
            "infohash": "0123456789abcdef0123456789abcdef01234567",
            "size": 20480,
            "num_seeders": 3,
            "num_leechers": 0,
            "last_tracker_check": 1700000000,
            "created": 1690000000,
            "tag_processor_version": 5,
            "subscribed": True,
            "votes": 0.5,
            "dirty": False,
        }
    ],
    "first": 1,
    "last": 50,
    "sort_by": None,
    "sort_desc": 1,
    "total": 1,
}
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
"""Types that a browser shows and never runs: pictures are a stranger's."""
_CHANGES = (UnsupportedError,)


class NoChannelsError(UnsupportedError):
    """Channels are read here, and never changed or published."""

    def __init__(self) -> None:
        super().__init__("Channels are not supported")


class ChannelsEndpoint(Endpoint):
    """Channels and folders that the metadata store knows. They are history: nobody publishes any more."""

    prefix = "/channels"

    def __init__(self, *, records: MetadataStore, lists: Lists, key: NodeKey) -> None:
        self._records = records
        self._lists = lists
        self._key = key

    @route("GET", "", examples={"answer": _EXAMPLE})
    async def channels(self, query: ChannelsQuery) -> EntryList:
        """List all channels."""
        types = frozenset({int(EntryType.CHANNEL)})
        return await self._listed(query, msgspec.structs.replace(query.selection(), types=types, origin_id=0))

    @route("GET", "/{pk}/{id}")
    async def contents(self, pk: ChannelKey, id: int, query: ContentsQuery) -> EntryList:  # noqa: A002
        """List what is in a channel or folder; with the id 0, the channels of that key."""
        selection = msgspec.structs.replace(query.selection(), channel_pk=self._public_key(pk), origin_id=id)
        if not id and selection.types is None:
            selection = msgspec.structs.replace(selection, types=frozenset({int(EntryType.CHANNEL)}))
        return await self._listed(query, selection)

    @route("GET", "/{pk}/{id}/description", examples={"answer": {"description_text": "# Field recordings"}})
    async def description(self, pk: ChannelKey, id: int) -> Description:  # noqa: A002
        """Return what a channel or folder says of itself."""
        for entry in self._records.entries(await self._rows(pk, id, EntryType.DESCRIPTION)):
            if entry.part is not None:
                try:
                    return msgspec.json.decode(entry.part.json_text, type=Description)
                except msgspec.MsgspecError:  # a stranger wrote it
                    continue
        return Description()

    @route("GET", "/{pk}/{id}/thumbnail", media_type="image/*")
    async def thumbnail(self, pk: ChannelKey, id: int) -> web.Response:  # noqa: A002
        """Return the picture of a channel or folder; 400 without a body when it has none."""
        for entry in self._records.entries(await self._rows(pk, id, EntryType.PICTURE)):
            if entry.part is not None and entry.part.data_type in _PICTURES:
                return web.Response(body=entry.part.binary_data, content_type=entry.part.data_type)
        return web.Response(status=400)

    @route("GET", "/{pk}/{id}/commit", examples={"answer": {"dirty": False}})
    async def is_dirty(self, pk: ChannelKey, id: int) -> Dirt:  # noqa: A002, ARG002 - it is true of all
        """Tell whether something waits to be published."""
        return Dirt()

    @route("POST", "/{pk}/{id}/commit", raises=_CHANGES)
    async def commit(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to publish."""
        raise NoChannelsError

    @route("PUT", "/{pk}/{id}/description", raises=_CHANGES)
    async def describe(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to change a description."""
        raise NoChannelsError

    @route("PUT", "/{pk}/{id}/thumbnail", raises=_CHANGES)
    async def picture(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to change a picture."""
        raise NoChannelsError

    @route("POST", "/{pk}/{id}/copy", raises=_CHANGES)
    async def copy(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to copy entries."""
        raise NoChannelsError

    @route("POST", "/{pk}/{id}/channels", raises=_CHANGES)
    async def add_channel(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to make a channel."""
        raise NoChannelsError

    @route("POST", "/{pk}/{id}/collections", raises=_CHANGES)
    async def add_folder(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to make a folder."""
        raise NoChannelsError

    @route("PUT", "/{pk}/{id}/torrents", raises=_CHANGES)
    async def add_torrents(self, pk: ChannelKey, id: int) -> None:  # noqa: A002, ARG002
        """Refuse to add torrents."""
        raise NoChannelsError

    async def _listed(self, query: ContentsQuery, selection: Selection) -> EntryList:
        order, window = query.order(), query.window()
        page = await self._lists.page(selection, order, window, with_total=bool(query.include_total))
        return EntryList(
            results=self._lists.items(page.rowids, hide_adult=selection.hide_adult, with_progress=True),
            first=window.first,
            last=window.last,
            sort_by=order.column,
            sort_desc=int(order.descending),
            total=UNSET if page.total is None else page.total,
        )

    async def _rows(self, pk: ChannelKey, id_: int, kind: EntryType) -> list[int]:
        selection = Selection(types=frozenset({int(kind)}), channel_pk=self._public_key(pk), origin_id=id_)
        return (await self._lists.page(selection, Order(), Window(1, 1))).rowids

    def _public_key(self, pk: ChannelKey) -> bytes:
        return pk.public_key(self._key.public_key)
