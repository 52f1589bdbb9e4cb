"""What is stored of feeds, their entries, and rules."""

from enum import StrEnum

import msgspec


class FeedRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is known of a feed.

    Attributes:
        title: As the feed says.
        etag: What its server gave us for the next poll, with ``modified``; empty without (RFC 9110).
        digest: Of the last content; empty before the first one.
        polled: Unix time of the last poll, 0 before the first one.
        due: Unix time of the next one.
        held: Unix time until which its server wants to be left alone, 0 when it did not say.
        error: What went wrong at the last poll; empty when nothing did.
        failures: Polls that failed one after the other.
    """

    url: str
    title: str = ""
    etag: str = ""
    modified: str = ""
    digest: bytes = b""
    polled: int = 0
    due: int = 0
    held: int = 0
    error: str = ""
    failures: int = 0


class TakeState(StrEnum):
    """What became of an entry that a rule wants."""

    UNSIZED = "unsized"
    """Its size has to be found out first."""
    WAITING = "waiting"
    """It is to be added."""
    ADDED = "added"
    KNOWN = "known"
    """There was a download of it already."""
    REPEATED = "repeated"
    """The rule has taken the same torrent from another entry."""
    REFUSED = "refused"
    """Its size, once that was known, is not what the rule wants."""
    FAILED = "failed"
    """All attempts failed."""


class Take(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a rule does with an entry.

    Attributes:
        rule: The rule's number.
        name: Its name.
        at: Unix time of the last change.
        infohash: Of what is added, as soon as that is known; empty before.
        tries: Attempts that failed.
        due: Unix time before which there is no other attempt.
        error: Why the last attempt failed; empty when it did not.
    """

    rule: int
    name: str
    state: TakeState
    at: int
    infohash: str = ""
    tries: int = 0
    due: int = 0
    error: str = ""


class LookUp(StrEnum):
    """Whether the torrent file of an entry is fetched to know what it is."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Entry(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """An entry of a feed that was seen.

    Attributes:
        feed: The key of its feed.
        name: The hash of what tells it from others of the feed.
        title: In one line.
        link: The address of a page, or empty.
        torrent: The address of a torrent file, or empty.
        magnet: A link, or empty.
        is_guess: Nothing says that there is a torrent file at ``torrent``.
        infohash: 40 hex digits, empty while unknown.
        trackers: Announce URLs of the magnet link, or of the torrent file once that was looked up.
        torrent_name: The name that the torrent file has; empty before it was looked up.
        size: Bytes, 0 while unknown.
        published: Unix time, 0 when unknown.
        seen: Unix time at which it was first seen.
        gone: Unix time since which it is not in the feed any more; 0 while it is.
        is_remembered: The metadata store was told.
        is_private: It is not for the metadata store (BEP 27).
        error: Why the look-up failed.
    """

    feed: bytes
    name: bytes
    title: str
    link: str = ""
    torrent: str = ""
    magnet: str = ""
    is_guess: bool = False
    infohash: str = ""
    trackers: tuple[str, ...] = ()
    torrent_name: str = ""
    size: int = 0
    published: int = 0
    seen: int
    gone: int = 0
    is_remembered: bool = False
    is_private: bool = False
    look_up: LookUp = LookUp.NONE
    error: str = ""
    takes: tuple[Take, ...] = ()


class RuleRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a rule takes, and how it is downloaded.

    Attributes:
        number: Its own, also when another one has its name later.
        feeds: Addresses of the feeds that it looks at; empty for all.
        must_contain: Terms that all stand in the title; of ``must_not_contain`` none does.
        min_size: Bytes, ``None`` for any; ``max_size`` likewise.
        destination: An absolute directory; empty takes the default, as do an empty category, and hops and safe seeding
            that are ``None``.
    """

    number: int
    is_enabled: bool = True
    feeds: tuple[str, ...] = ()
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
    destination: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    hops: int | None = None
    safe_seeding: bool | None = None
    auto_managed: bool = False
    paused: bool = False
