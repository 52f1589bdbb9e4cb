"""Keeps secrets out of what is shown: those of the settings file, and whatever stands where URLs have keys."""

import json
import re
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec

from triblerd.config import Section, fields_of, is_secret
from triblerd.services import Configuration

MASK = "***"
_SHORT = 8  # characters; a shorter secret is masked where it is a word, or else text would become unreadable
_IN_URLS = re.compile(
    r"(?P<before>[?&;](?:api_?key|key|pass(?:key|word|wd)?|token|auth|secret|uk)=)[^&\s\"'<>]+"
    r"|(?P<user>://[^/\s:@\"']*:)[^/\s@\"']+(?=@)",
    re.IGNORECASE,
)


class Masker:
    """Implements :class:`triblerd_logging.api.SecretMasker`.

    A secret that was once configured stays one: the daemon may still take the old key, and the log may hold it.

    Args:
        configuration: Knows the settings, and which of them are secret.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn()

    def learn(self) -> None:
        """Look at the present settings."""
        types, values = self._configuration.section_types(), self._configuration.values()
        known = {
            spelt
            for name, kind in types.items()
            for secret in _secrets_of(kind, values.get(name, {}))
            for spelt in _spellings(secret)
        }
        if known <= self._known:
            return
        self._known |= known
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(_found_as(secret) for secret in longest_first))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return _IN_URLS.sub(lambda found: f"{found['before'] or found['user']}{MASK}", text)

    def values(self, value: Any) -> Any:
        """Return a struct or any JSON values as plain JSON values without secrets."""
        self.learn()
        return self._mask(msgspec.to_builtins(value, str_keys=True))

    def _mask(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self._mask(item) for item in value]
            case dict():
                return {self.text(key): self._mask(item) for key, item in value.items()}
        return value


def _secrets_of(kind: type[Section], values: Mapping[str, Any]) -> Iterator[str]:
    secret, nested = _secret_fields(kind)
    for name in secret:
        if isinstance(value := values.get(name), str):
            yield value
    for name, inner in nested:
        for item in values.get(name, {}).values():
            if isinstance(item, Mapping):
                yield from _secrets_of(inner, item)


@cache
def _secret_fields(kind: type[Section]) -> tuple[list[str], list[tuple[str, type[Section]]]]:
    """Return the secret fields of a section, and those that hold named sections, with their types."""
    fields = fields_of(kind).items()
    secret = [name for name, info in fields if is_secret(info)]
    return secret, [(name, inner) for name, info in fields for inner in _sections_in(info.type)]


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _sections_in(part)


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as logs and URLs write it, and the second half of ``user:password``."""
    for text in (secret, secret.partition(":")[2]):
        if text.strip(":"):
            yield text
            yield quote(text, safe="")
            yield json.dumps(text)[1:-1]
            yield json.dumps(text, ensure_ascii=False)[1:-1]


def _found_as(secret: str) -> str:
    pattern = re.escape(secret)
    return rf"(?<!\w){pattern}(?!\w)" if len(secret) < _SHORT else pattern
