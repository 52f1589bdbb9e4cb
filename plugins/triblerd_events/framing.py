"""The framing of ``/events``: one ``data:`` line of JSON and an empty line per event.

Clients cut the first five characters off each block and call a handler with exactly the listed arguments, so that
nothing else may stand in the stream and no argument may be added.
"""

import msgspec

from triblerd.events import Arguments, Event, UnhandledError
from triblerd.http.endpoint import encode_json
from triblerd_events.api import StreamOpened

_WITHOUT_ARGS = (StreamOpened, UnhandledError)


class Message(msgspec.Struct, frozen=True, omit_defaults=False):
    """What stands in one ``data:`` line."""

    topic: str
    args: list[object] | msgspec.UnsetType
    kwargs: dict[str, object]


def data_line(event: Event) -> bytes | None:
    """Return an event as ``/events`` sends it."""
    if event.arguments is Arguments.HIDDEN:
        return None
    payload = {name: getattr(event, name) for name in event.__struct_fields__ if name not in event.unshown}
    if event.arguments is Arguments.POSITIONAL:
        message = Message(event.topic, list(payload.values()), {})
    else:
        message = Message(event.topic, msgspec.UNSET if isinstance(event, _WITHOUT_ARGS) else [], payload)
    return b"data: " + encode_json(message) + b"\n\n"
