"""What this installation is made of."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

_DISTRIBUTION = "triblerd"
_NOT_FOR_USE = frozenset({"test"})


@cache
def libraries() -> Mapping[str, str]:
    """Return the versions of the libraries that the daemon and its extras want, those that are installed. Reads files.

    By the names of their distributions, in alphabetical order.
    """
    found = {}
    for name in sorted(set(_wanted()), key=str.lower):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # of an extra that is not wanted here
            continue
    return found


def _wanted() -> Iterator[str]:
    extras = {"", *(metadata(_DISTRIBUTION).get_all("Provides-Extra") or ())} - _NOT_FOR_USE
    for text in requires(_DISTRIBUTION) or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement.name
