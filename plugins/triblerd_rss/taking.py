"""Adds the downloads that rules ask for: each torrent once for each rule, whatever happens in between."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import quote

import msgspec

from triblerd.errors import TriblerdError
from triblerd.events import Event
from triblerd_downloads.api import AddWishes, Downloads, UnknownDownloadError
from triblerd_libtorrent.api import Infohash, Magnet, Metainfo, strangers_links
from triblerd_rss.addresses import host_of
from triblerd_rss.api import RssEntryTaken
from triblerd_rss.entries import Entries, EntryTables, is_open, take_of, with_take, without_take
from triblerd_rss.looking import Looker
from triblerd_rss.records import Entry, RuleRecord, Take, TakeState
from triblerd_rss.rule_book import RuleBook
from triblerd_rss.rules import Rule

log = logging.getLogger(__name__)

DELAYS = (60.0, 300.0, 1800.0, 7200.0)
"""Seconds before each further attempt to add a download."""

_AT_A_TIME = 4
_MOST_RUNNING = 1000
_MOST_WAIT = 3600.0

_Key = tuple[int, int]
"""The number of an entry, and that of a rule."""


class Taker:
    """Works on the entries that rules want.

    Before a download is added the store notes which rule takes which torrent by which entry. When the daemon ends in
    between, the next one adds it again, which changes nothing where it was added: so none is lost, and none comes
    twice.

    Args:
        looker: Finds sizes out.
        spawn: Starts a task of the plugin.
        delays: Seconds before each further attempt.
    """

    def __init__(  # noqa: PLR0913 - all that an entry goes through, by keyword
        self,
        *,
        entries: EntryTables,
        rules: RuleBook,
        downloads: Downloads,
        looker: Looker,
        publish: Callable[[Event], None],
        spawn: Callable[[str, Coroutine[object, object, None]], object],
        delays: Sequence[float] = DELAYS,
    ) -> None:
        self._entries = entries
        self._rules = rules
        self._downloads = downloads
        self._looker = looker
        self._publish = publish
        self._spawn = spawn
        self._delays = delays
        self._due: dict[_Key, int] = {}
        self._running: set[_Key] = set()
        self._adding = asyncio.Semaphore(_AT_A_TIME)
        self._sizing = asyncio.Semaphore(_AT_A_TIME)  # of its own: peers may take a minute to tell a size
        self._wake = asyncio.Event()
        self.taken = 0
        self.failed = 0

    def take(self, entries: Entries) -> None:
        """Work on what rules want of these entries, soon."""
        for number, entry in entries:
            for take in entry.takes:
                if is_open(take):
                    self._due[number, take.rule] = take.due
        self._wake.set()

    def changed(self, rule: int) -> None:
        """Look at what a rule is about to take: it may be enabled now, or gone."""
        if self._rules.by_number(rule) is None:
            self._due.update({key: 0 for key in self._due if key[1] == rule})
        self._wake.set()

    @property
    def waiting(self) -> int:
        """How many downloads are to be added."""
        return len(self._due)

    async def work(self) -> None:
        """Add what is to be added, for ever."""
        while True:
            self._wake.clear()
            now = time.time()
            ready = {
                key: due for key, due in self._due.items() if key not in self._running and self._is_enabled(key[1])
            }
            now_due = sorted(key for key, due in ready.items() if due <= now)
            for key in now_due[: _MOST_RUNNING - len(self._running)]:
                self._running.add(key)
                self._spawn("take", self._attempt(key))
            later = [due for due in ready.values() if due > now]  # who ends wakes us for those that did not fit
            with suppress(TimeoutError):
                async with asyncio.timeout(min(min(later) - now, _MOST_WAIT) if later else _MOST_WAIT):
                    await self._wake.wait()

    def _is_enabled(self, number: int) -> bool:
        """Return whether a rule may take now; one that is gone gives its entries back."""
        rule = self._rules.by_number(number)
        return rule is None or rule.record.is_enabled

    async def _attempt(self, key: _Key) -> None:
        number, rule_number = key
        try:
            entry, rule = self._entries.get(number), self._rules.by_number(rule_number)
            take = take_of(entry, rule_number) if entry else None
            if entry is None or take is None or not is_open(take):
                self._due.pop(key, None)
                return
            if rule is None:  # it is gone, and what it was about to take is nobody's
                await self._entries.change(number, partial(without_take, rule=rule_number))
                self._due.pop(key, None)
                return
            async with self._sizing if take.state is TakeState.UNSIZED else self._adding:
                done = await self._tried(number, entry, take, rule)
            await self._entries.change(number, partial(with_take, take=done))
            self._settle(key, entry, done)
        except TriblerdError as error:  # a full disk: what was added is added again, which changes nothing
            log.warning("What became of an entry cannot be stored: %s", error)
            self._due[key] = int(time.time() + self._delays[0])
        finally:
            self._running.discard(key)
            self._wake.set()

    async def _tried(self, number: int, entry: Entry, take: Take, rule: Rule) -> Take:
        try:
            if take.state is TakeState.UNSIZED:
                return await self._size(number, entry, take, rule)
            return await self._add(number, entry, take, rule)
        except TriblerdError as error:
            log.warning("The rule %s could not take %r: %s", rule.name, entry.title, error)
            return self._failed(take, str(error))
        except Exception as error:  # a border: whatever is wrong with one entry, the others are added
            log.exception("The rule %s could not take %r", rule.name, entry.title)
            return self._failed(take, str(error) or type(error).__name__)

    def _settle(self, key: _Key, entry: Entry, take: Take) -> None:
        if is_open(take):
            self._due[key] = take.due
            return
        self._due.pop(key, None)
        self.failed += take.state is TakeState.FAILED
        if take.state in {TakeState.ADDED, TakeState.KNOWN}:
            self.taken += 1
            existed = take.state is TakeState.KNOWN
            feed = entry.feed.hex()  # and not its address, which is nothing for everybody who may listen
            self._publish(
                RssEntryTaken(rule=take.name, feed=feed, title=entry.title, infohash=take.infohash, existed=existed)
            )

    async def _add(self, number: int, entry: Entry, take: Take, rule: Rule) -> Take:
        wishes = self._wishes(rule.record)
        source = await self._source(entry, wishes.hops)
        infohash = str(source.infohash)
        was_claimed = take.infohash == infohash
        if not await self._entries.claim(rule.record.number, infohash, number):
            return _changed(take, TakeState.REPEATED, infohash=infohash)
        # What is there although this entry has claimed it before was added by it, before the daemon ended.
        existed = self._exists(source.infohash) and not was_claimed
        await self._downloads.add(source, wishes)
        return _changed(take, TakeState.KNOWN if existed else TakeState.ADDED, infohash=infohash)

    async def _size(self, number: int, entry: Entry, take: Take, rule: Rule) -> Take:
        """Find out the size of what an entry leads to, and whether the rule wants it then."""
        if not entry.size:
            hops = self._wishes(rule.record).hops
            uri = next(iter(uris_of(entry, magnets_first=hops > 0)))
            entry = await self._looker.look_up(number, entry, uri, hops=hops)
        verdict = rule.judge(entry, self._entries.url_of(entry.feed))
        if verdict.takes:
            return _changed(take, TakeState.WAITING)
        return _changed(take, TakeState.REFUSED, error=". ".join(verdict.reasons) or "Its size cannot be found out")

    def _exists(self, infohash: Infohash) -> bool:
        try:
            self._downloads.get(infohash)
        except UnknownDownloadError:
            return False
        return True

    async def _source(self, entry: Entry, hops: int) -> Metainfo | Magnet:
        """Return what is to be downloaded, from the first place that has it.

        A torrent file comes first, since it says more. With hops a magnet link does, which asks no server.
        """
        error: TriblerdError | None = None
        for uri in uris_of(entry, magnets_first=hops > 0):
            try:
                with strangers_links(host_of(self._entries.url_of(entry.feed))):
                    return await self._downloads.resolve(uri, hops=hops)
            except TriblerdError as failure:
                error = error or failure
        if error is None:
            msg = "It leads to no torrent"
            raise TriblerdError(msg)
        raise error

    def _wishes(self, record: RuleRecord) -> AddWishes:
        wishes = self._downloads.default_wishes()
        hops = wishes.hops if record.hops is None else record.hops
        return msgspec.structs.replace(
            wishes,
            destination=record.destination or None,
            category=record.category,
            tags=record.tags,
            hops=hops,
            # With hops it is on by default: without it the anonymous download would be seeded in the clear.
            safe_seeding=wishes.safe_seeding or hops > 0 if record.safe_seeding is None else record.safe_seeding,
            auto_managed=record.auto_managed,
            user_stopped=record.paused,
        )

    def _failed(self, take: Take, error: str) -> Take:
        tries = take.tries + 1
        if tries > len(self._delays):
            return _changed(take, TakeState.FAILED, error=error, tries=tries)
        due = int(time.time() + self._delays[tries - 1])
        return _changed(take, take.state, error=error, tries=tries, due=due)


def uris_of(entry: Entry, *, magnets_first: bool) -> Iterable[str]:
    """Return what an entry can be added by, the best first."""
    magnet = entry.magnet or (magnet_of(entry) if entry.infohash else "")
    found = [magnet, entry.torrent] if magnets_first else [entry.torrent, magnet]
    if entry.is_guess and magnet:
        found = [magnet, entry.torrent]
    return [uri for uri in found if uri]


def magnet_of(entry: Entry) -> str:
    """Return the link to a torrent of which the infohash is known."""
    trackers = "".join(f"&tr={quote(url, safe='')}" for url in entry.trackers)
    return f"magnet:?xt=urn:btih:{entry.infohash}&dn={quote(entry.title, safe='')}{trackers}"


def _changed(  # noqa: PLR0913 - what may change, by keyword
    take: Take, state: TakeState, *, infohash: str | None = None, error: str = "", tries: int = 0, due: int = 0
) -> Take:
    return msgspec.structs.replace(
        take,
        state=state,
        at=int(time.time()),
        infohash=take.infohash if infohash is None else infohash,
        error=error,
        tries=tries,
        due=due,
    )
