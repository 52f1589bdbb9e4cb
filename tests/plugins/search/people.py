"""What the tests add to a daemon's store."""

from triblerd.testing import RunningDaemon
from triblerd_metadata.api import EntryType, MetadataStore, NewEntry

KEY = bytes(range(64))


def records(daemon: RunningDaemon) -> MetadataStore:
    found = daemon.daemon.container.services().find(MetadataStore)
    assert found
    return found


def torrent(number: int, title: str, **more: object) -> NewEntry:
    fields: dict[str, object] = {"type": EntryType.TORRENT, "infohash": number.to_bytes(20, "big")} | more
    return NewEntry(title=title, public_key=KEY, id=number, timestamp=1, signature=KEY, **fields)  # type: ignore[arg-type]


async def add(daemon: RunningDaemon, *entries: NewEntry) -> None:
    outcomes = await records(daemon).add(entries)
    assert all(one.outcome in ("added", "replaced") for one in outcomes), outcomes


async def names(daemon: RunningDaemon, text: str | None = None, path: str = "/search", **params: object) -> list[str]:
    """The names of what a search finds."""
    given = params if text is None else {"txt_filter": text, **params}
    answer = await daemon.get(path, params=given)
    return [result["name"] for result in answer["results"]]
