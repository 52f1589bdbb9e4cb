"""What a rule says of an entry."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from triblerd_rss.records import Entry, RuleRecord, Take, TakeState
from triblerd_rss.terms import Term, words_of


class Verdict(NamedTuple):
    """What a rule says of an entry.

    Attributes:
        reasons: Why it does not want it, each a short sentence; empty when it does.
        needs_size: It may want it, depending on the size, which is not known.
    """

    reasons: Sequence[str]
    needs_size: bool

    @property
    def takes(self) -> bool:
        """Whether it wants it now."""
        return not self.reasons and not self.needs_size


class Rule(msgspec.Struct, frozen=True):
    """A rule that can be asked.

    Attributes:
        wanted: ``must_contain``, parsed; ``unwanted`` likewise.
    """

    name: str
    record: RuleRecord
    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]

    @classmethod
    def of(cls, name: str, record: RuleRecord) -> "Rule":
        """Return the rule of a record.

        Raises:
            InvalidInputError: a term is none.
        """
        return cls(
            name,
            record,
            tuple(Term.parse(text) for text in record.must_contain),
            tuple(Term.parse(text) for text in record.must_not_contain),
        )

    def judge(self, entry: Entry, feed: str) -> Verdict:
        """Say whether an entry of a feed, by its address, is wanted, whether or not the rule is enabled."""
        record = self.record
        words = words_of(entry.title)
        reasons = [f"{term.text!r} is not in the title" for term in self.wanted if not term.is_in(words)]
        reasons += [f"{term.text!r} is in the title" for term in self.unwanted if term.is_in(words)]
        if record.feeds and feed not in record.feeds:
            reasons.insert(0, "The rule is not for this feed")
        if not entry.torrent and not entry.magnet and not entry.infohash:
            reasons.append("It leads to no torrent")
        if not entry.size:
            return Verdict(reasons, needs_size=record.min_size is not None or record.max_size is not None)
        if record.min_size is not None and entry.size < record.min_size:
            reasons.append(f"It is smaller than {record.min_size} bytes")
        if record.max_size is not None and entry.size > record.max_size:
            reasons.append(f"It is larger than {record.max_size} bytes")
        return Verdict(reasons, needs_size=False)


def first_take(rule: Rule, entry: Entry, feed: str, now: int) -> Take | None:
    """Return what a rule begins to do with an entry of a feed, by its address; ``None`` when it does not want it."""
    verdict = rule.judge(entry, feed)
    if verdict.reasons:
        return None
    state = TakeState.UNSIZED if verdict.needs_size else TakeState.WAITING
    return Take(rule=rule.record.number, name=rule.name, state=state, at=now)
