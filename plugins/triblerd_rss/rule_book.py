"""The rules: made, changed, listed and removed. Everything is on disk before it is answered."""

import asyncio
import time
from collections.abc import Mapping

import msgspec

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.store import Table
from triblerd_rss.entries import EntryTables
from triblerd_rss.records import RuleRecord
from triblerd_rss.rules import Rule

MOST_RULES = 500


class UnknownRuleError(NotFoundError):
    """There is no rule of this name."""

    def __init__(self) -> None:
        super().__init__("this rule does not exist")


class RuleBook:
    """Keeps the rules, in memory too.

    Args:
        table: Where they are stored, by name.
        entries: Knows what they have taken.
    """

    def __init__(self, *, table: Table[RuleRecord], entries: EntryTables) -> None:
        self._table = table
        self._entries = entries
        self._all: dict[str, Rule] = {}

    async def load(self) -> None:
        """Read what is stored."""
        stored = await asyncio.to_thread(list, self._table.items())
        self._all = {name.decode(): Rule.of(name.decode(), record) for name, record in stored}

    def all(self) -> Mapping[str, Rule]:
        """Return all, by name."""
        return dict(sorted(self._all.items()))

    def get(self, name: str) -> Rule:
        """Return a rule.

        Raises:
            UnknownRuleError: there is none.
        """
        if (rule := self._all.get(name)) is None:
            raise UnknownRuleError
        return rule

    def by_number(self, number: int) -> Rule | None:
        """Return a rule by its number, ``None`` when it is gone."""
        return next((rule for rule in self._all.values() if rule.record.number == number), None)

    async def put(self, name: str, record: RuleRecord) -> Rule:
        """Make a rule, or replace the one of that name, which goes on with what it has taken.

        Raises:
            InvalidInputError: it cannot be a rule, or there are too many.
        """
        known = self._all.get(name)
        if known is None and len(self._all) >= MOST_RULES:
            msg = f"rules are at most {MOST_RULES}"
            raise InvalidInputError(msg)
        number = known.record.number if known else time.time_ns()
        rule = Rule.of(name, msgspec.structs.replace(record, number=number))
        await self._table.put(name.encode(), rule.record)
        self._all[name] = rule
        return rule

    async def remove(self, name: str) -> int:
        """Remove a rule, forget what it has taken, and return its number. Its downloads stay.

        Raises:
            UnknownRuleError: there is none.
        """
        rule = self.get(name)
        await self._table.delete(name.encode())
        self._all.pop(name, None)
        await self._entries.forget_rule(rule.record.number)
        return rule.record.number
