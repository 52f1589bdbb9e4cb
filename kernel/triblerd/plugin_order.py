"""In which order plugins start: requirements first, then what is early; names break ties."""

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from triblerd.plugin import Manifest


def starting_order(manifests: Mapping[str, Manifest]) -> tuple[list[str], dict[str, str]]:
    """Return the names in starting order, and for those that cannot be ordered the reason.

    A requirement that is not among ``manifests`` is no matter here: the plugin is ordered, and found unmet when it
    shall start. ``after`` gives way where it would close a circle.
    """
    required = {name: [need for need in manifest.requires if need in manifests] for name, manifest in manifests.items()}
    stuck: dict[str, str] = {}
    while (circle := _circle(required)) is not None:
        for name in circle:
            stuck[name] = f"requires itself: {' -> '.join(circle)}"
            required.pop(name, None)
        for needs in required.values():
            needs[:] = [need for need in needs if need in required]
    wanted = {name: list(needs) for name, needs in required.items()}
    for name in sorted(required):
        for earlier in manifests[name].after:
            if earlier in required and not _reaches(wanted, earlier, name):
                wanted[name].append(earlier)
    return _sorted(wanted, lambda name: (not manifests[name].early, name)), stuck


def dependents(name: str, manifests: Mapping[str, Manifest]) -> set[str]:
    """Return every plugin that requires ``name``, directly or through others."""
    found: set[str] = set()
    fresh = {name}
    while fresh:
        fresh = {other for other, manifest in manifests.items() if fresh & {*manifest.requires}} - found
        found |= fresh
    return found - {name}


def _circle(required: Mapping[str, Iterable[str]]) -> list[str] | None:
    try:
        TopologicalSorter(required).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


def _reaches(graph: Mapping[str, Iterable[str]], start: str, goal: str) -> bool:
    seen, fresh = set[str](), [start]
    while fresh:
        name = fresh.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            fresh.extend(graph.get(name, ()))
    return False


def _sorted(graph: Mapping[str, Iterable[str]], rank: Callable[[str], tuple[bool, str]]) -> list[str]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    order: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=rank)
        order.append(ready.pop(0))
        sorter.done(order[-1])
    return order
