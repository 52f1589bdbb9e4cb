"""What is asked and answered under ``/rss``."""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError
from triblerd.services import FileRoots
from triblerd_downloads.api import CategoryName, checked_tags
from triblerd_rss.feeds import FollowedFeed
from triblerd_rss.records import Entry, RuleRecord, Take
from triblerd_rss.rules import Rule
from triblerd_rss.trying import Tried

LONGEST_NAME = 100
MOST_TERMS = 50
MOST_ROWS = 1000

_RESERVED = frozenset({"dry_run", ".", ".."})
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})

Size = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Terms = Annotated[list[str], Meta(max_length=MOST_TERMS)]


class RuleName(str):
    """The name of a rule, as it stands in a path."""

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a text is, without blanks around it.

        Raises:
            InvalidInputError: it cannot be a name.
        """
        name = text.strip()
        is_plain = 0 < len(name) <= LONGEST_NAME and not any(unicodedata.category(char) in _FORBIDDEN for char in name)
        if not is_plain or name in _RESERVED or "/" in name or "\\" in name:
            msg = f"A rule's name has 1 to {LONGEST_NAME} characters, without slashes, and is not dry_run"
            raise InvalidInputError(msg)
        return cls(name)


class UrlsBody(msgspec.Struct, frozen=True, kw_only=True):
    """The complete list of feeds."""

    urls: Annotated[
        list[str], Meta(description="Addresses, `http:` or `https:`; those that are left out are forgotten")
    ]


class UrlBody(msgspec.Struct, frozen=True, kw_only=True):
    """A feed to follow."""

    url: Annotated[str, Meta(description="Its address, `http:` or `https:`")]


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that is followed."""

    feed: Annotated[str, Meta(description="What names it in paths: 16 hex digits, made of its address")]
    url: Annotated[str, Meta(description="Its address")]
    title: Annotated[str, Meta(description="As it says; empty before the first poll")]
    entries: Annotated[int, Meta(description="Entries that were seen in it")]
    last_poll: Annotated[int, Meta(description="Unix time, 0 before the first one")]
    next_poll: Annotated[int, Meta(description="Unix time; 0 is at once, or never for what is no address")]
    failures: Annotated[int, Meta(description="Polls that failed one after the other, up to the last one")]
    error: Annotated[str, Meta(description="Why the last poll failed; empty when it did not")]

    @classmethod
    def of(cls, feed: FollowedFeed) -> Self:
        """Return a feed as it is shown."""
        record = feed.record
        return cls(
            feed=str(feed.id),
            url=record.url,
            title=record.title,
            entries=feed.count,
            last_poll=record.polled,
            next_poll=record.due,
            failures=record.failures,
            error=f"The address {feed.problem}" if feed.problem else record.error,
        )


class FeedItems(msgspec.Struct, frozen=True, kw_only=True):
    """All feeds that are followed."""

    feeds: Annotated[list[FeedItem], Meta(description="In the order of the settings")]


class FeedRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """A feed is not followed any more."""

    removed: Annotated[bool, Meta(description="Always true")] = True
    feed: Annotated[str, Meta(description="What named it")]


class TakeItem(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule does with an entry."""

    rule: Annotated[str, Meta(description="The rule's name")]
    state: Annotated[
        str,
        Meta(
            description="`unsized` (its size is being found out), `waiting`, `added`, `known` (there was a download), "
            "`repeated` (the rule has taken the same torrent from another entry), `refused` (for its size), `failed`"
        ),
    ]
    at: Annotated[int, Meta(description="Unix time of the last change")]
    infohash: Annotated[str, Meta(description="Of the download; empty while unknown")]
    tries: Annotated[int, Meta(description="Attempts that failed")]
    next_try: Annotated[int, Meta(description="Unix time of the next attempt; 0 when there is none, or at once")]
    error: Annotated[str, Meta(description="Why the last attempt failed, or why it is refused; empty otherwise")]

    @classmethod
    def of(cls, take: Take) -> Self:
        """Return it as it is shown."""
        return cls(
            rule=take.name,
            state=take.state.value,
            at=take.at,
            infohash=take.infohash,
            tries=take.tries,
            next_try=take.due,
            error=take.error,
        )


class EntryItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a feed that was seen."""

    entry: Annotated[int, Meta(description="Its number; newer entries have greater ones")]
    feed: Annotated[str, Meta(description="What names its feed")]
    title: Annotated[str, Meta(description="In one line")]
    link: Annotated[str, Meta(description="The address of a page; may be empty")]
    torrent: Annotated[str, Meta(description="The address of a torrent file; may be empty")]
    magnet: Annotated[str, Meta(description="A magnet link; may be empty")]
    infohash: Annotated[str, Meta(description="40 hex digits; empty while unknown")]
    size: Annotated[int, Meta(description="Bytes; 0 while unknown")]
    published: Annotated[int, Meta(description="Unix time; 0 when unknown")]
    seen: Annotated[int, Meta(description="Unix time at which it was first seen")]
    gone: Annotated[int, Meta(description="Unix time since which it is not in the feed any more; 0 while it is")]
    look_up: Annotated[str, Meta(description="Of its torrent file: `none`, `waiting`, `done`, `failed`")]
    error: Annotated[str, Meta(description="Why the look-up failed; empty when it did not")]
    takes: Annotated[list[TakeItem], Meta(description="What rules do with it")]


class EntryItems(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that were seen, the newest first."""

    entries: Annotated[list[EntryItem], Meta(description="From `first` to `last`")]
    first: Annotated[int, Meta(description="Number of the first row")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]
    total: Annotated[int, Meta(description="Rows in all, of the newest 10,000 entries")]


class TriedItem(EntryItem, frozen=True, kw_only=True):
    """An entry, and what the rule says of it."""

    would_take: Annotated[bool, Meta(description="The rule takes it, if need be once its size is known")]
    needs_size: Annotated[bool, Meta(description="Its size has to be found out first")]
    reasons: Annotated[list[str], Meta(description="Why the rule does not take it; empty when it does")]


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would do, the newest entries first."""

    entries: Annotated[list[TriedItem], Meta(description="From `first` to `last`")]
    first: Annotated[int, Meta(description="Number of the first row")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]
    total: Annotated[int, Meta(description="Rows in all, of the newest 10,000 entries")]
    would_take: Annotated[int, Meta(description="How many of all the rule takes")]


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A rule takes entries that were there before it."""

    taken: Annotated[int, Meta(description="How many are being taken now; `GET /rss/entries` shows how that goes")]


class RuleBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule takes, and how it is downloaded."""

    enabled: Annotated[bool, Meta(description="It takes entries")] = True
    feeds: Annotated[
        list[str], Meta(max_length=MOST_ROWS, description="Addresses of the feeds that it looks at; none are all")
    ] = []
    must_contain: Annotated[
        Terms,
        Meta(
            description="All of these stand in the title: words one after the other, whatever is between them, in any "
            "case; `*` and `?` stand for letters of a word; `|` stands between choices"
        ),
    ] = []
    must_not_contain: Annotated[Terms, Meta(description="None of these stands in the title")] = []
    min_size: Annotated[Size | None, Meta(description="Bytes; null for any")] = None
    max_size: Annotated[Size | None, Meta(description="Bytes; null for any")] = None
    destination: Annotated[str, Meta(description="Absolute directory; empty takes that of the category")] = ""
    category: Annotated[str, Meta(description="Name of a category that exists; may be empty")] = ""
    tags: Annotated[list[str], Meta(description="At most 32 tags")] = []
    anon_hops: Annotated[
        Annotated[int, Meta(ge=0, le=3)] | None,
        Meta(description="0 to 3; anonymity needs `safe_seeding`; null takes the default of downloads"),
    ] = None
    safe_seeding: Annotated[bool | None, Meta(description="Seed anonymously; null takes the default of downloads")] = (
        None
    )
    auto_managed: Annotated[bool, Meta(description="Downloads wait in the queue")] = False
    paused: Annotated[bool, Meta(description="Downloads are added, and not started")] = False

    def record(self, roots: FileRoots) -> RuleRecord:
        """Return the rule as it is stored.

        Args:
            roots: Which directories there may be.

        Raises:
            InvalidInputError: it says something that cannot be.
        """
        if self.anon_hops and self.safe_seeding is False:
            msg = "Cannot set anonymous download without safe seeding enabled"
            raise InvalidInputError(msg)
        if self.min_size is not None and self.max_size is not None and self.min_size > self.max_size:
            msg = "min_size is greater than max_size"
            raise InvalidInputError(msg)
        _check_folder(self.destination, roots)
        return RuleRecord(
            number=0,
            is_enabled=self.enabled,
            feeds=tuple(url.strip() for url in self.feeds),
            must_contain=_checked_terms(self.must_contain),
            must_not_contain=_checked_terms(self.must_not_contain),
            min_size=self.min_size,
            max_size=self.max_size,
            destination=self.destination,
            category=str(CategoryName.parse(self.category)) if self.category else "",
            tags=checked_tags(self.tags),
            hops=self.anon_hops,
            safe_seeding=self.safe_seeding,
            auto_managed=self.auto_managed,
            paused=self.paused,
        )


class DryRunBody(RuleBody, frozen=True, kw_only=True):
    """A rule to be tried, which need not be stored."""

    name: Annotated[
        str, Meta(description="Of a rule in whose place this one would be: what that has taken, this one would not")
    ] = ""


class RuleItem(RuleBody, frozen=True, kw_only=True):
    """A rule."""

    name: Annotated[str, Meta(description="Its name")]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """Return a rule as it is shown."""
        record = rule.record
        return cls(
            name=rule.name,
            enabled=record.is_enabled,
            feeds=list(record.feeds),
            must_contain=list(record.must_contain),
            must_not_contain=list(record.must_not_contain),
            min_size=record.min_size,
            max_size=record.max_size,
            destination=record.destination,
            category=record.category,
            tags=list(record.tags),
            anon_hops=record.hops,
            safe_seeding=record.safe_seeding,
            auto_managed=record.auto_managed,
            paused=record.paused,
        )


class RuleItems(msgspec.Struct, frozen=True, kw_only=True):
    """All rules."""

    rules: Annotated[list[RuleItem], Meta(description="By name")]


class RuleRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """A rule was removed."""

    removed: Annotated[bool, Meta(description="Always true")] = True
    name: Annotated[str, Meta(description="Its name")]


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted."""

    feed: Annotated[str, Meta(description="Only those of a feed, by what names it, or by its address")] = ""
    first: Annotated[int, Meta(description="Number of the first row, from 1 (0 is 1)")] = 1
    last: Annotated[int, Meta(description=f"Number of the last row, at most {MOST_ROWS} rows in all")] = 50

    def window(self) -> slice:
        """Return the rows that are wanted."""
        start = max(self.first, 1) - 1
        return slice(start, min(max(self.last, 0), start + MOST_ROWS))


class EntriesQuery(PageQuery, frozen=True, kw_only=True):
    """Which entries are wanted, and of which rule."""

    rule: Annotated[str, Meta(description="Only those that a rule takes, by its name")] = ""
    state: Annotated[str, Meta(description="Only those of which a take is in this state")] = ""


def entry_fields(number: int, entry: Entry) -> dict[str, object]:
    """Return what is shown of an entry."""
    return {
        "entry": number,
        "feed": entry.feed.hex(),
        "takes": [TakeItem.of(take) for take in entry.takes],
        "look_up": entry.look_up.value,
        **{
            name: getattr(entry, name)
            for name in ("title", "link", "torrent", "magnet", "infohash", "size", "published", "seen", "gone", "error")
        },
    }


def tried_item(tried: Tried) -> TriedItem:
    """Return what a rule says of an entry, as it is shown."""
    return TriedItem(
        **entry_fields(tried.number, tried.entry),  # type: ignore[arg-type]  # the fields of an EntryItem
        would_take=not tried.reasons,
        needs_size=tried.needs_size,
        reasons=list(tried.reasons),
    )


def _checked_terms(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.strip() for term in terms))


def _check_folder(folder: str, roots: FileRoots) -> None:
    if not folder:
        return
    if "\0" in folder or not Path(folder).is_absolute():
        msg = f"destination must be an absolute path, not {folder!r}"
        raise InvalidInputError(msg)
    if not roots.allow(Path(folder)):
        msg = f"destination {folder} is outside of the allowed directories"
        raise InvalidInputError(msg)
