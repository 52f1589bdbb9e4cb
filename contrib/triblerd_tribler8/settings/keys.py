"""What kinds of settings there are: where a value comes from, and where what a client sends goes to."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from triblerd.config import spelled_out, to_plain
from triblerd.errors import InvalidInputError
from triblerd.services import Lifecycle
from triblerd_tribler8.settings.forms import SAME, Form

MOST_BYTES = 1 << 20
"""Of all that is kept for clients."""
MOST_LEVELS = 32
"""Of objects and lists within one another."""


class Known(msgspec.Struct, frozen=True):
    """What there is to show.

    Attributes:
        values: Every section of ``triblerd.conf``.
        kept: What clients have set of which nothing here makes use, by path.
        daemon: Tells where it lives and listens.
    """

    values: Mapping[str, Mapping[str, Any]]
    kept: Mapping[str, Any]
    daemon: Lifecycle


class Wanted(msgspec.Struct, frozen=True):
    """What shall be changed: of ``triblerd.conf`` by section and key, and of what is kept by path."""

    values: dict[str, dict[str, Any]] = {}
    kept: dict[str, Any] = {}


class Key(Protocol):
    """A setting."""

    def show(self, path: str, known: Known) -> object:
        """Return its value as clients see it."""

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Add to ``wanted`` what a client wants it to be.

        Raises:
            InvalidInputError: it cannot be that.
        """


class Shared(msgspec.Struct, frozen=True):
    """A setting of ``triblerd.conf``.

    Attributes:
        name: ``section.key``.
        form: How it is spelled here.
        part: Which part of a setting that is a table.
    """

    name: str
    form: Form = SAME
    part: str | None = None

    def show(self, path: str, known: Known) -> object:
        """Return it as it is spelled here."""
        del path
        value = self._value(known.values)
        return self.form.show(value if self.part is None else value.get(self.part, ()))

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Change it; its own section checks it."""
        section, key = self.name.split(".")
        try:
            taken = self.form.take(value)
        except InvalidInputError as error:
            raise refusal(path, error) from error
        keys = wanted.values.setdefault(section, {})
        keys[key] = taken if self.part is None else {**keys.get(key, self._value(known.values)), self.part: taken}

    def _value(self, values: Mapping[str, Mapping[str, Any]]) -> Any:
        section, key = self.name.split(".")
        return values[section][key]


class Kept(msgspec.Struct, frozen=True):
    """A setting that nothing here makes use of: it is checked, stored and returned.

    Attributes:
        kind: Its type.
        default: Its value until somebody sets it, or what makes one.
    """

    kind: Any
    default: Any

    def show(self, path: str, known: Known) -> object:
        """Return what was set."""
        if path in known.kept:
            return known.kept[path]
        return to_plain(self.default(known) if callable(self.default) else self.default)

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Keep it."""
        del known
        wanted.kept[path] = checked(path, value, self.kind)


class Told(msgspec.Struct, frozen=True):
    """What the daemon says of itself. Clients may send it back, and it is ignored."""

    tell: Callable[[Lifecycle], object]

    def show(self, path: str, known: Known) -> object:
        """Return it."""
        del path
        return self.tell(known.daemon)

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Ignore it."""


class FreeForm(msgspec.Struct, frozen=True):
    """An object that belongs to clients: merged with what they send, whatever is in it."""

    def show(self, path: str, known: Known) -> object:
        """Return all of it."""
        return known.kept.get(path, {})

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Merge what a client sent into it."""
        if not isinstance(value, dict):
            raise refusal(path, "expected an object")
        wanted.kept[path] = merged(known.kept.get(path, {}), value)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``old`` with ``new`` laid over it: objects are merged, any other value replaces what was there."""
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        is_object = isinstance(value, dict)
        result[key] = merged(before if isinstance(before, dict) else {}, value) if is_object else value
    return result


def checked(path: str, value: object, kind: Any) -> Any:
    """Return a value as the type ``kind``, in plain form; text may stand for numbers and flags.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        return to_plain(msgspec.convert(spelled_out(kind, value), kind, strict=False))
    except msgspec.ValidationError as error:
        reason = str(error).replace("`", "")
        raise refusal(path, f"{reason[:1].lower()}{reason[1:]}") from error


def refusal(path: str, reason: object) -> InvalidInputError:
    """Return the error that says what is wrong with a setting."""
    return InvalidInputError(f"{path}: {reason}")
