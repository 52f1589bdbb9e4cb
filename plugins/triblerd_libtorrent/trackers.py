"""What the trackers of one torrent last said, in the words of the API. Fed by alerts; asking costs nothing."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import libtorrent as lt

from triblerd_libtorrent.api import Announce, Tracker

NOT_CONTACTED = "Not contacted yet"
WORKING = "Working"

_HTTP_OK = 200

_Answer = tuple[int, str]  # peers of the last answer, status
_Side = tuple[object, int]  # local address and generation


class _Known:
    __slots__ = ("answers", "last_announce", "leeches", "seeds", "tier", "url", "warnings")

    def __init__(self, url: str, tier: int) -> None:
        self.url = url
        self.tier = tier
        self.seeds = self.leeches = -1
        self.last_announce = 0
        # By local address and generation: each of them announces for itself, and one of them working is enough.
        self.answers: dict[_Side, _Answer] = {}
        self.warnings: dict[_Side, str] = {}

    def answered(self, side: _Side, answer: _Answer) -> None:
        self.answers[side] = answer
        self.last_announce = int(time.time())

    def shown(self) -> Tracker:
        peers, status = max(self.answers.values(), key=_quality, default=(-1, NOT_CONTACTED))
        return Tracker(
            url=self.url,
            tier=self.tier,
            peers=peers,
            seeds=self.seeds,
            leeches=self.leeches,
            last_announce=self.last_announce,
            status=status,
        )


def _quality(answer: _Answer) -> tuple[bool, bool, int]:
    peers, status = answer
    return status == WORKING, status.startswith("Warning"), peers


class TrackerList:
    """The announce URLs of one torrent with their tiers (BEP 12), and what became of each.

    Args:
        urls: Pairs of URL and tier.
    """

    __slots__ = ("_known",)

    def __init__(self, urls: Iterable[tuple[str, int]]) -> None:
        self._known: dict[str, _Known] | tuple[tuple[str, int], ...] = tuple(dict(urls).items())

    def __contains__(self, url: str) -> bool:
        return any(url == known for known, _ in self.entries())

    def entries(self) -> list[tuple[str, int]]:
        """Return pairs of URL and tier."""
        if isinstance(self._known, tuple):
            return list(self._known)
        return [(known.url, known.tier) for known in self._known.values()]

    def announce_entries(self) -> list[lt.announce_entry]:
        """Return them as the engine takes them."""
        return [_entry(url, tier) for url, tier in self.entries()]

    def shown(self) -> tuple[Tracker, ...]:
        """Return the trackers as clients see them."""
        if isinstance(self._known, tuple):  # most torrents are stopped, and nothing was ever said
            return tuple(_Known(url, tier).shown() for url, tier in self._known)
        return tuple(known.shown() for known in self._known.values())

    def add(self, urls: Iterable[str]) -> list[tuple[str, int]]:
        """Add URLs that are not there yet, in a tier after the last; return what was added."""
        tier = max((tier for _, tier in self.entries()), default=-1) + 1
        added = [(url, tier) for url in dict.fromkeys(urls) if url not in self]
        for url, _ in added:
            self._told()[url] = _Known(url, tier)
        return added

    def remove(self, url: str) -> bool:
        """Remove a URL and return whether it was there."""
        return self._told().pop(url, None) is not None

    def replied(self, alert: lt.tracker_reply_alert) -> None:
        """Note an answer with peers."""
        if (known := self._of(alert)) is not None:
            # A warning comes just before the answer that it belongs to.
            status = known.warnings.pop(_side(alert), WORKING)
            known.answered(_side(alert), (alert.num_peers, status))

    def warned(self, alert: lt.tracker_warning_alert) -> None:
        """Note a warning, which a tracker may send beside its answer."""
        if (known := self._of(alert)) is not None:
            # The engine's text is "<torrent> (<url>) ... warning: <text>".
            text = alert.message().rpartition("warning: ")[2]
            known.warnings[_side(alert)] = f"Warning: {text}"

    def failed(self, alert: lt.tracker_error_alert) -> None:
        """Note an error."""
        if (known := self._of(alert)) is not None:
            known.warnings.pop(_side(alert), None)
            known.answered(_side(alert), (0, _failure(alert)))

    def scraped(self, alert: lt.scrape_reply_alert) -> None:
        """Note how many seeds and leeches the tracker knows."""
        if (known := self._of(alert)) is not None:
            known.seeds, known.leeches = alert.complete, alert.incomplete

    def _of(self, alert: lt.tracker_alert) -> _Known | None:
        """Return the tracker that an alert is about; one that was removed meanwhile is not there any more."""
        return self._told().get(alert.tracker_url())

    def _told(self) -> dict[str, _Known]:
        if isinstance(self._known, tuple):
            self._known = {url: _Known(url, tier) for url, tier in self._known}
        return self._known


def _side(alert: lt.tracker_alert) -> _Side:
    return alert.local_endpoint, int(alert.version)


def announce_to(handle: lt.torrent_handle, url: str) -> None:
    """Announce to one tracker now. Waits for the session: call it in a thread."""
    # By position, and the engine reorders the trackers of a tier when one of them answers.
    for position, tracker in enumerate(_entries(handle)):
        if tracker["url"] == url:
            handle.force_reannounce(0, position, lt.torrent_handle.ignore_min_interval)


def announces_of(handle: lt.torrent_handle) -> Mapping[str, Announce]:
    """Return how it stands with each tracker, by its URL. Waits for the session: call it in a thread."""
    hashes = handle.info_hashes()
    generations = [number for number, has in enumerate((hashes.has_v1(), hashes.has_v2())) if has]
    return {tracker["url"]: _announce(tracker, generations) for tracker in _entries(handle)}


def _entries(handle: lt.torrent_handle) -> list[dict[str, Any]]:
    return handle.trackers()  # type: ignore[return-value]  # the stubs do not say what stands in them


def _announce(tracker: dict[str, Any], generations: Sequence[int]) -> Announce:
    # It announces from each local address, and for each generation of a hybrid torrent (BEP 52). What is said of a
    # generation that the torrent is not of means nothing.
    parts = [endpoint["info_hashes"][number] for endpoint in tracker["endpoints"] for number in generations]
    planned = [part for part in parts if _time(part["next_announce"])]
    return Announce(
        # What is due is held back until the tracker takes it.
        next_announce=min(
            (max(_time(part["next_announce"]), _time(part["min_announce"])) for part in planned), default=0
        ),
        message=next((part["message"] for part in parts if part["message"]), ""),
        fails=min((part["fails"] for part in planned), default=0),
        is_updating=any(part["updating"] for part in parts),
        seeds=max((part["scrape_complete"] for part in parts), default=-1),
        leeches=max((part["scrape_incomplete"] for part in parts), default=-1),
        downloads=max((part["scrape_downloaded"] for part in parts), default=-1),
    )


def _time(stamp: int | None) -> int:
    return max(stamp or 0, 0)  # the engine's "never" is far in the past


def _entry(url: str, tier: int) -> lt.announce_entry:
    entry = lt.announce_entry(url)
    entry.tier = tier
    return entry


def _failure(alert: lt.tracker_error_alert) -> str:
    if alert.status_code not in {-1, 0, _HTTP_OK}:
        return f"HTTP status code {alert.status_code}"
    if reason := alert.failure_reason():
        return f"Error: {reason}"
    error = alert.error
    if error.value() == lt.error_code(110, lt.system_category()).value() or "timed out" in error.message().lower():
        return "Timeout"
    return f"Error: {error.message()}" if error.value() else "Not working"
