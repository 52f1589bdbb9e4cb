"""From what clients send to what the downloads understand, with the API's rules and texts."""

from collections.abc import Iterable
from typing import Any

import msgspec

from triblerd.config import FALSE_WORDS, TRUE_WORDS
from triblerd.errors import InvalidInputError
from triblerd_downloads.api import AddWishes, Change
from triblerd_downloads.label_names import CategoryName, checked_tags
from triblerd_downloads.labels.schemas import checked_limit
from triblerd_downloads.rates import checked_rate
from triblerd_downloads.schemas import AddBody, AddQuery, ChangeBody, VodBody
from triblerd_libtorrent.api import MOST_HOPS, QueueMove

_MOST_FILES = 1 << 31
_STATES = frozenset({"resume", "stop", "recheck", "move_storage"})


def required_uri(body: AddBody) -> str:
    """Return what shall be added.

    Raises:
        InvalidInputError: the body does not say.
    """
    if not body.uri:
        msg = "uri parameter missing"
        raise InvalidInputError(msg)
    return body.uri


def add_wishes(body: AddBody) -> AddWishes:
    """Return how the download of a JSON body shall be added.

    Raises:
        InvalidInputError: it cannot be.
    """
    return _wishes(
        hops=body.anon_hops or 0,
        safe_seeding=bool(body.safe_seeding),
        destination=body.destination,
        selected_files=body.selected_files or [],
        category=body.category,
        tags=body.tags or [],
    )


def upload_options(query: AddQuery) -> AddWishes:
    """Return how an uploaded torrent file shall be added.

    Raises:
        InvalidInputError: it cannot be.
    """
    return _wishes(
        hops=_number("anon_hops", query.anon_hops) if query.anon_hops else 0,
        safe_seeding=query.safe_seeding,
        destination=query.destination,
        selected_files=[_number("selected_files", text) for text in (query.selected_files or "").split(",") if text],
        category=query.category,
        tags=(query.tags or "").split(",") if query.tags else [],
    )


def vod_wish(raw: bytes) -> VodBody | None:
    """Return what a change wants of streaming, whatever else is in it; ``None`` when that is nothing."""
    try:
        wish = msgspec.json.decode(raw, type=VodBody)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # whoever decodes all of it says what is wrong
        return None
    return None if wish.vod_mode is None else wish


def change_of(body: ChangeBody, raw: bytes) -> tuple[Change, int | None]:
    """Return what shall change, and the number of hops if that is it.

    Args:
        body: The decoded body.
        raw: The body as it came; keys that nobody knows count as parameters, too.

    Raises:
        InvalidInputError: something of it cannot be.
    """
    if body.anon_hops is not None:
        if len(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])) > 1:
            msg = "anon_hops must be the only parameter in this request"
            raise InvalidInputError(msg)
        return Change(), _checked_hops(body.anon_hops)
    fields: dict[str, Any] = _limits(body) | _state(body) | _labels(body)
    if body.selected_files is not None:
        fields["selection"] = tuple(body.selected_files) or None
    if body.queue_position is not None:
        fields["queue_move"] = _queue_move(body.queue_position)
    if body.auto_managed is not None:
        fields["auto_managed"] = _auto_managed(body.auto_managed)
    return Change(**fields), None


def _wishes(  # noqa: PLR0913 - what both forms of adding can say, by keyword
    *,
    hops: int,
    safe_seeding: bool,
    destination: str | None,
    selected_files: list[int],
    category: str | None,
    tags: Iterable[str],
) -> AddWishes:
    hops = _checked_hops(max(hops, 0))
    if hops and not safe_seeding:
        msg = "Cannot set anonymous download without safe seeding enabled"
        raise InvalidInputError(msg)
    return AddWishes(
        hops=hops,
        safe_seeding=safe_seeding,
        destination=destination or None,
        # No torrent has more files; what else does not exist is dropped once the files are known.
        selection=tuple(sorted({index for index in selected_files if 0 <= index < _MOST_FILES})) or None,
        category=str(CategoryName.parse(category)) if category else "",
        tags=checked_tags(tags),
    )


def _limits(body: ChangeBody) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("upload_limit", "download_limit"):
        if value := getattr(body, name):  # 0 and null change nothing
            fields[name] = checked_rate(name, value)
    for name in ("seeding_ratio", "seeding_time"):
        if (limit := checked_limit(name, getattr(body, name))) is not None:
            fields[name] = limit
        if getattr(body, f"{name}_default"):
            fields[name] = None
    return fields


def _labels(body: ChangeBody) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: checked_tags(tags)
        for name in ("tags", "add_tags", "remove_tags")
        if (tags := getattr(body, name)) is not None
    }
    if body.category is not None:
        fields["category"] = str(CategoryName.parse(body.category)) if body.category else ""
    if body.move_to_category:
        fields["to_category"] = True
    return fields


def _state(body: ChangeBody) -> dict[str, Any]:
    if not body.state:
        return {}
    if body.state not in _STATES:
        msg = "unknown state parameter"
        raise InvalidInputError(msg)
    if body.state == "move_storage":
        if not body.dest_dir:
            msg = "dest_dir parameter missing"
            raise InvalidInputError(msg)
        completed = {} if body.completed_dir is None else {"completed_dir": body.completed_dir}
        return {"destination": body.dest_dir, **completed}
    return {} if body.state == "recheck" else {"running": body.state == "resume"}


def _checked_hops(hops: int) -> int:
    if not 0 <= hops <= MOST_HOPS:
        msg = f"anon_hops must be in the range 0..{MOST_HOPS}"
        raise InvalidInputError(msg)
    return hops


def _queue_move(value: object) -> QueueMove:
    try:
        return QueueMove(str(value))
    except ValueError as error:
        msg = "invalid value for queue_position"
        raise InvalidInputError(msg) from error


def _auto_managed(value: object) -> bool:
    word = str(value).lower()
    if isinstance(value, (bool, int, str)) and word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    msg = "invalid value for auto_managed"
    raise InvalidInputError(msg)


def _number(name: str, text: str) -> int:
    try:
        return msgspec.convert(text, int, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{name}: expected int, got {text!r}"
        raise InvalidInputError(msg) from error
