"""What may be the name of a category or a tag."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

from triblerd.errors import InvalidInputError
from triblerd_downloads.taken import MOST_TAGS

LONGEST = 100
"""Characters of a name: at most 400 bytes, and a key of the store has 511."""

_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, halves of surrogate pairs, separators of lines and paragraphs."""


class CategoryName(str):
    """The name of a category, as it stands in a path. No slash, since many clients and proxies would split it."""

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {"type": "string", "minLength": 1, "maxLength": LONGEST}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a text is, without blanks around it.

        Raises:
            InvalidInputError: it cannot be a name.
        """
        name = text.strip()
        if not _is_plain(name) or "/" in name or "\\" in name or name in {".", ".."}:
            msg = f"category must have 1 to {LONGEST} characters, without slashes and control characters"
            raise InvalidInputError(msg)
        return cls(name)


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags without blanks around them, each once, in their order.

    Raises:
        InvalidInputError: one of them cannot be a tag, or they are more than a download may have.
    """
    found = limited_tags(tag.strip() for tag in tags)
    if not all(_is_plain(tag) and "," not in tag for tag in found):
        msg = f"tags must have 1 to {LONGEST} characters each, without commas and control characters"
        raise InvalidInputError(msg)
    return found


def limited_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of one download, each once.

    Raises:
        InvalidInputError: they are too many.
    """
    found = tuple(dict.fromkeys(tags))
    if len(found) > MOST_TAGS:
        msg = f"tags are at most {MOST_TAGS}, not {len(found)}"
        raise InvalidInputError(msg)
    return found


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= LONGEST and not any(unicodedata.category(letter) in _FORBIDDEN for letter in text)
