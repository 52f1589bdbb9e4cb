"""Rules and the entries that were seen already: what a rule would take, and having it take them."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from triblerd.errors import ConflictError
from triblerd_rss.entries import RETRIED, Entries, EntryTables, is_open, take_of, with_take
from triblerd_rss.records import Entry
from triblerd_rss.rules import Rule, first_take
from triblerd_rss.taking import Taker

MOST_LOOKED_AT = 10_000
"""Entries; older ones are not listed, and no rule is tried on them."""


class RuleIsDisabledError(ConflictError):
    """A rule that is disabled shall take something."""

    def __init__(self) -> None:
        super().__init__("this rule is disabled")


class Tried(NamedTuple):
    """What a rule says of an entry that was seen.

    Attributes:
        reasons: Why it would not take it; empty when it would.
        needs_size: It would have to find out the size first.
    """

    number: int
    entry: Entry
    reasons: Sequence[str]
    needs_size: bool


class Trial:
    """Asks rules about the entries that were seen, the newest first."""

    def __init__(self, *, entries: EntryTables, taker: Taker) -> None:
        self._entries = entries
        self._taker = taker

    async def dry_run(self, rule: Rule, feed: bytes | None) -> list[Tried]:
        """Return what a rule says of each entry, whether or not it is enabled; nothing is changed."""
        return await asyncio.to_thread(self._tried, rule, feed)

    async def apply(self, rule: Rule) -> int:
        """Have a rule take what it wants of the entries that are in their feeds now, and return how many that are.

        What it has taken it does not take again; what failed is tried again.

        Raises:
            RuleIsDisabledError: it is disabled.
        """
        if not rule.record.is_enabled:
            raise RuleIsDisabledError
        tried = await self.dry_run(rule, None)
        wanted = [one.number for one in tried if not one.reasons and not one.entry.gone]
        changed = await self._entries.change_many(wanted, partial(self._begun, rule))
        taken: Entries = list(changed.items())
        self._taker.take(taken)
        return sum(1 for _, entry in taken if (take := take_of(entry, rule.record.number)) and is_open(take))

    def _begun(self, rule: Rule, entry: Entry) -> Entry:
        known = take_of(entry, rule.record.number)
        if known is not None and known.state not in RETRIED:  # it came in between
            return entry
        take = first_take(rule, entry, self._entries.url_of(entry.feed), int(time.time()))
        return entry if take is None else with_take(entry, take)

    def _tried(self, rule: Rule, feed: bytes | None) -> list[Tried]:
        found = self._entries.newest(lambda _: True, feed, MOST_LOOKED_AT)
        return [self._said(rule, number, entry) for number, entry in found]

    def _said(self, rule: Rule, number: int, entry: Entry) -> Tried:
        verdict = rule.judge(entry, self._entries.url_of(entry.feed))
        reasons = list(verdict.reasons)
        take = take_of(entry, rule.record.number)
        if take is not None and take.state not in RETRIED:
            reasons.append(f"The rule takes it already: it is {take.state}")
        elif take is None and self._entries.has_taken(rule.record.number, entry.infohash):
            reasons.append("The rule has taken the same torrent from another entry")
        return Tried(number, entry, reasons, verdict.needs_size)
