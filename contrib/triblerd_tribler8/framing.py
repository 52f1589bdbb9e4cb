"""The framing of ``/api/events``: the topic in one line, its named arguments as JSON in the next."""

from collections.abc import Callable, Mapping
from typing import Any

from triblerd.events import Event
from triblerd.http.endpoint import encode_json
from triblerd_metadata.api import MetadataStore, TorrentItem
from triblerd_tribler8.metadata.schemas import torrent_entry

Arguments = dict[str, Any]
FindStore = Callable[[], MetadataStore | None]


class Framing:
    """Frames the events that version 8 knows, by its own names, and no others.

    Args:
        find_store: Finds the metadata store, which knows more of a torrent than an event tells.
    """

    def __init__(self, find_store: FindStore) -> None:
        self._find_store = find_store
        self._topics: Mapping[str, tuple[str, Callable[[Any], Arguments | None]]] = {
            "events_start": ("events_start", lambda event: {**_fields(event), "sessions": str(event.sessions)}),
            "tribler_exception": ("tribler_exception", _error),
            "torrent_status_changed": ("torrent_status_changed", _fields),
            "torrent_finished": ("torrent_finished", _fields),
            "channel_entity_updated": ("torrent_health_updated", lambda event: _fields(event.update)),
            "remote_query_results": ("remote_query_results", self._results),
            "tunnel_removed": ("tunnel_removed", _fields),
            "tribler_shutdown_state": ("tribler_shutdown_state", _fields),
            "ask_add_download": ("ask_add_download", _fields),
            "tribler_new_version": ("tribler_new_version", _fields),
            "low_space": ("low_space", _fields),
            "report_config_error": ("report_config_error", _fields),
        }

    def frame(self, event: Event) -> bytes | None:
        """Return an event as ``/api/events`` sends it, ``None`` for one that version 8 does not have."""
        if event.topic not in self._topics:
            return None
        topic, make = self._topics[event.topic]
        arguments = make(event)
        return None if arguments is None else b"event: %s\ndata: %s\n\n" % (topic.encode(), encode_json(arguments))

    def _results(self, event: Any) -> Arguments:
        store = self._find_store()
        items = [self._entry(store, item) for item in event.answer.results]
        return {"query": event.query, **_fields(event.answer), "results": items}

    def _entry(self, store: MetadataStore | None, item: TorrentItem) -> object:
        entry = store.by_identity(bytes.fromhex(item.public_key), item.id) if store else None
        return torrent_entry(entry) if entry else item


def _fields(event: Any) -> Arguments:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def _error(event: Any) -> Arguments | None:
    """Leave out what a client read in its own answer, and Python's traceback, which the log has."""
    if event.by_request:
        return None
    return {"error": f"{event.error.type}: {event.error.text}", "traceback": event.error.long_text}
