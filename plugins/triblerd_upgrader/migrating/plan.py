"""What has to be done: for each plugin, the steps that lead to what its code knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from triblerd.migration import Migration, SettingsMigration, StoreMigration
from triblerd.services import DataKind, Outdated

_KINDS: Mapping[DataKind, type[Migration]] = {DataKind.STORE: StoreMigration, DataKind.SETTINGS: SettingsMigration}


class Step(NamedTuple):
    """One step, and what it is of."""

    kind: DataKind
    migration: Migration


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The steps of one plugin, in the order in which they are done: its settings first, then its data.

    Attributes:
        outdated: What they begin with.
        fault: Why they cannot be done: a step is missing. Then none is tried.
    """

    plugin: str
    outdated: Sequence[Outdated]
    steps: Sequence[Step] = ()
    fault: str = ""


@dataclass
class _Found:
    outdated: list[Outdated] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def plan(outdated: Iterable[Outdated], migrations: Mapping[str, Sequence[Migration]]) -> list[Chain]:
    """Return what has to be done, plugin by plugin in the order of ``outdated``.

    Args:
        outdated: What is older than the code of its plugin.
        migrations: The steps that each plugin names.
    """
    found: dict[str, _Found] = {}
    for old in outdated:
        of_plugin = found.setdefault(old.plugin, _Found())
        of_plugin.outdated.append(old)
        for to in range(old.found + 1, old.wanted + 1):
            steps = [
                Step(old.kind, migration)
                for migration in migrations.get(old.plugin, ())
                if isinstance(migration, _KINDS[old.kind]) and migration.to == to
            ]
            of_plugin.steps += steps
            if len(steps) != 1:
                what = "two steps lead" if steps else "no step leads"
                of_plugin.faults.append(f"{what} to version {to} of its {old.kind.words}")
    return [
        Chain(plugin=name, outdated=chain.outdated, fault="; ".join(chain.faults))
        if chain.faults
        else Chain(plugin=name, outdated=chain.outdated, steps=chain.steps)
        for name, chain in found.items()
    ]
