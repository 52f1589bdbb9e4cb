"""``settings.json``: what of it ours has, too."""

from collections.abc import Callable, Iterator

from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.values import ForeignSettings, Item, NotTaken

_KB = 1000
_FLAGS = {
    "dht-enabled": ("libtorrent.dht",),
    "lpd-enabled": ("libtorrent.lsd",),
    "utp-enabled": ("libtorrent.utp",),
    "port-forwarding-enabled": ("libtorrent.upnp", "libtorrent.natpmp"),
    "watch-dir-enabled": ("watch_folder.enabled",),
}
_ANYWHERE = frozenset({"", "0.0.0.0"})  # noqa: S104 - compared, not listened to


def read_settings(origin: str, settings: Fields, place: Callable[[str], str]) -> Iterator[Item]:
    """Yield the settings, and what of them has no place here.

    Args:
        origin: The file that they are from.
        settings: Its keys, written with ``-``.
        place: Turns a path into one of ours.
    """
    values = _places(settings, place) | _rates(settings) | _queue(settings)
    for key, ours in _FLAGS.items():
        if key in settings:
            values |= dict.fromkeys(ours, settings.flag(key))
    if settings.flag("peer-port-random-on-start"):
        values["libtorrent.port"] = None
    elif 0 < settings.number("peer-port") < 1 << 16:
        values["libtorrent.port"] = settings.number("peer-port")
    if settings.text("bind-address-ipv4") not in _ANYWHERE:
        values["libtorrent/listen_interface"] = settings.text("bind-address-ipv4")
    if "peer-limit-per-torrent" in settings:
        values["libtorrent.max_connections_download"] = settings.number("peer-limit-per-torrent")
    if settings.flag("ratio-limit-enabled"):
        values["download_defaults.seeding_mode"] = "ratio"
        values["download_defaults.seeding_ratio"] = settings.fraction("ratio-limit")
    elif "ratio-limit-enabled" in settings:
        values["download_defaults.seeding_mode"] = "forever"
    if values:
        yield ForeignSettings(values=values)
    yield from (NotTaken(f"{origin}: {key}", reason) for key, reason in _lost(settings))


def has_queue(settings: Fields) -> bool:
    """Return whether downloads wait for one another, as they do unless somebody changes that."""
    return settings.flag("download-queue-enabled", otherwise=True) or settings.flag("seed-queue-enabled")


def _places(settings: Fields, place: Callable[[str], str]) -> dict[str, object]:
    values: dict[str, object] = {}
    complete, incomplete = settings.text("download-dir"), settings.text("incomplete-dir")
    if settings.flag("incomplete-dir-enabled") and incomplete:
        values["download_defaults.saveas"] = place(incomplete)
        if complete:
            values["libtorrent/download_defaults/completed_dir"] = place(complete)
    elif complete:
        values["download_defaults.saveas"] = place(complete)
    if settings.text("watch-dir"):
        values["watch_folder.directory"] = place(settings.text("watch-dir"))
    return values


def _rates(settings: Fields) -> dict[str, object]:
    return {
        f"libtorrent.max_{ours}_rate": settings.number(f"speed-limit-{theirs}") * _KB
        for theirs, ours in (("down", "download"), ("up", "upload"))
        if settings.flag(f"speed-limit-{theirs}-enabled")
    }


def _queue(settings: Fields) -> dict[str, object]:
    values: dict[str, object] = {}
    for theirs, ours in (("download", "active_downloads"), ("seed", "active_seeds")):
        if f"{theirs}-queue-enabled" in settings:
            is_on = settings.flag(f"{theirs}-queue-enabled")
            values[f"libtorrent/{ours}"] = settings.number(f"{theirs}-queue-size", -1) if is_on else -1
    if values:
        values["libtorrent/download_defaults/auto_managed"] = has_queue(settings)
    return values


def _lost(settings: Fields) -> Iterator[tuple[str, str]]:
    if settings.flag("alt-speed-enabled") or settings.flag("alt-speed-time-enabled"):
        yield "alt-speed-enabled", "its second pair of limits, and limits by the time of day, are not taken over"
    if settings.flag("idle-seeding-limit-enabled"):
        yield "idle-seeding-limit", "there is no limit of time without uploads here"
    if settings.text("default-trackers"):
        yield "default-trackers", "put them into a file, and name it as `trackers_file`"
    if settings.text("rpc-password") and settings.flag("rpc-authentication-required"):
        yield "rpc-password", "only a hash of the password is known"
    for script in ("torrent-added", "torrent-done", "torrent-done-seeding"):
        if settings.flag(f"script-{script}-enabled"):
            yield f"script-{script}-filename", "programs are not run here"
