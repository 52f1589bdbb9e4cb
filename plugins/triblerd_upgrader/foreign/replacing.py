"""Paths of another machine, container or system, turned into ours."""

import re
from collections.abc import Mapping

from triblerd.errors import InvalidInputError

_WINDOWS = re.compile(r"(?:\\\\\?\\)?([A-Za-z]:)[\\/]|\\\\")
_LONG = "\\\\?\\"


class Replacements:
    """Replaces the beginnings of paths: the longest that fits, and whole components alone.

    Args:
        pairs: What takes the place of what; both absolute, the former in whatever way the other system writes paths.

    Raises:
        InvalidInputError: one of them is not absolute.
    """

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs: list[tuple[str, str]] = []
        for old, new in pairs.items():
            if not new.startswith("/") or "\0" in new:
                msg = f"replace: {new!r} is no absolute path"
                raise InvalidInputError(msg)
            if not old.startswith("/") and not is_of_windows(old):
                msg = f"replace: {old!r} is no absolute path, neither of this system nor of Windows"
                raise InvalidInputError(msg)
            self._pairs.append((_comparable(old).rstrip("/"), new.rstrip("/")))
        self._pairs.sort(key=lambda pair: len(pair[0]), reverse=True)

    def __call__(self, path: str) -> str:
        """Return a path as it is here; one that nothing fits stays as it is."""
        comparable, slashed = _comparable(path), _slashed(path)
        for old, new in self._pairs:
            if comparable == old or comparable.startswith(f"{old}/"):
                return (new + slashed[len(old) :]) or "/"
        return path


def is_of_windows(path: str) -> bool:
    """Return whether a path is an absolute one of Windows."""
    return _WINDOWS.match(path) is not None


def _slashed(path: str) -> str:
    if not is_of_windows(path):
        return path
    return path.removeprefix(_LONG).replace("\\", "/")


def _comparable(path: str) -> str:
    return _slashed(path).lower() if is_of_windows(path) else path
