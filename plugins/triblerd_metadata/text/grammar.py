"""Reads a ``txt_filter``: SQLite's FTS5 expressions, and what people type.

```text
expression := either
either     := both (OR both)*
both       := except (AND except)*
except     := sequence (NOT sequence)*
sequence   := item+                            all of them
item       := "-"? ( text "*"? | '"' text '"' "*"? | "(" expression ")" )
```

That is FTS5's order: neighbours bind before ``NOT``, ``NOT`` before ``AND``, ``AND`` before ``OR``. A quoted text is
a phrase. Unquoted text is its words, whatever separates them; the very last one, when nothing follows, may still be
being typed, so words that begin with it count, too. ``*`` says the same of any word, or of the last one of a phrase.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_metadata.text.expressions import (
    AllOf,
    AnyOf,
    Everything,
    Expression,
    Nothing,
    Part,
    Phrase,
    Without,
    Word,
)
from triblerd_metadata.text.tokens import may_go_on, searched_runs, searched_words

LONGEST = 2000
"""Characters of a filter."""
DEEPEST = 32
"""Parentheses within parentheses."""

_OPERATORS = frozenset({"AND", "OR", "NOT"})
_END = ""
_LEXEME = re.compile(r'"(?:[^"]|"")*"|[()*"]|[^\s()*"]+')


class FilterError(InvalidInputError):
    """A ``txt_filter`` is no expression."""


@lru_cache(maxsize=256)  # people turn pages, and sort anew
def parse(text: str) -> Expression:
    """Return what a ``txt_filter`` means. A lone ``*``, and text without any word, fits nothing.

    Raises:
        FilterError: an unbalanced quote or parenthesis, an operator or ``*`` without what it belongs to, or too much of
            anything.
    """
    if len(text) > LONGEST:
        msg = f"The filter has more than {LONGEST} characters"
        raise FilterError(msg)
    if text.strip() in ("", "*"):
        return Expression(Nothing())
    lexemes = _lexemes(text)
    if len(lexemes) == 1:
        return Expression(Nothing())
    reader = _Reader(lexemes)
    root = reader.either()
    reader.require_end()
    return Expression(root)


class _Lexeme(msgspec.Struct, frozen=True):
    """A piece of the text.

    Attributes:
        kind: An operator, ``(``, ``)``, ``*``, ``-``, ``"`` for quoted text, ``a`` for other text, empty for the end.
        runs: Of text: words side by side, with flags as in ``tokens.searched_words``.
        is_last: Nothing follows, not even a blank.
    """

    kind: str
    runs: tuple[list[tuple[str, bool]], ...] = ()
    is_last: bool = False


def _lexemes(text: str) -> list[_Lexeme]:
    found: list[_Lexeme] = []
    for match in _LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme == '"':
            msg = "A quote in the filter is not closed"
            raise FilterError(msg)
        if lexeme in _OPERATORS or lexeme in "()*":
            found.append(_Lexeme(lexeme))
        elif lexeme[0] == '"':
            found.append(_Lexeme('"', (searched_words(lexeme[1:-1]),)))
        else:
            found += _text_lexemes(lexeme, before=text[: match.start()], after=text[match.end() :])
    return [*found, _Lexeme(_END)]


def _text_lexemes(text: str, *, before: str, after: str) -> Iterable[_Lexeme]:
    runs = tuple(searched_runs(text))
    if (
        text[0] == "-"
        and (not before or before[-1].isspace() or before[-1] == "(")
        and (runs or after.startswith(('"', "(")))
    ):
        yield _Lexeme("-")
    if runs:
        yield _Lexeme("a", runs, is_last=not after and may_go_on(text))


class _Reader:
    """Reads lexemes one after the other, by a method for each line of the grammar."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self._lexemes = lexemes
        self._next = 0
        self._depth = 0

    def require_end(self) -> None:
        if self._kind() != _END:
            msg = f"Nothing belongs to the {self._kind()} in the filter"
            raise FilterError(msg)

    def either(self) -> Part:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return _any_of(parts)

    def _both(self) -> Part:
        parts = [self._except()]
        while self._take("AND"):
            parts.append(self._except())
        return _all_of(parts)

    def _except(self) -> Part:
        part = self._sequence()
        excluded = []
        while self._take("NOT"):
            excluded.append(self._sequence(is_excluded=True))
        return _without(part, excluded)

    def _sequence(self, *, is_excluded: bool = False) -> Part:
        wanted: list[Part] = []
        excluded: list[Part] = []
        first = self._next
        while self._kind() in ("-", "(", '"', "a"):
            if self._take("-"):
                excluded.append(self._item(is_excluded=True))
            else:
                wanted += self._item_words(is_excluded=is_excluded)
        if self._next == first:
            msg = f"Words are missing before {self._kind() or 'the end'} in the filter"
            raise FilterError(msg)
        wanted = [part for part in wanted if not isinstance(part, Nothing)] or wanted[:1]
        return _without(_all_of(wanted) if wanted else Everything(), excluded)

    def _item(self, *, is_excluded: bool) -> Part:
        return _all_of(self._item_words(is_excluded=is_excluded))

    def _item_words(self, *, is_excluded: bool) -> list[Part]:
        """Return what the next item stands for, never nothing at all; all of it has to fit."""
        if self._take("("):
            return [self._nested()]
        lexeme = self._lexemes[self._next]
        self._next += 1
        is_starred = self._take("*")
        if lexeme.kind == '"':
            return [_phrase(lexeme.runs[0], is_beginning=is_starred)]
        is_beginning = is_starred or (lexeme.is_last and not is_excluded)
        return [*map(_phrase, lexeme.runs[:-1]), _phrase(lexeme.runs[-1], is_beginning=is_beginning)]

    def _nested(self) -> Part:
        self._depth += 1
        if self._depth > DEEPEST:
            msg = f"The filter has more than {DEEPEST} parentheses within each other"
            raise FilterError(msg)
        part = self.either()
        self._depth -= 1
        if not self._take(")"):
            msg = "A parenthesis is not closed" if self._kind() == _END else f"{self._kind()} follows nothing"
            raise FilterError(msg)
        return part

    def _kind(self) -> str:
        return self._lexemes[self._next].kind

    def _take(self, kind: str) -> bool:
        if self._kind() != kind:
            return False
        self._next += 1
        return True


def _all_of(parts: list[Part]) -> Part:
    if any(isinstance(part, Nothing) for part in parts):
        return Nothing()
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _any_of(parts: list[Part]) -> Part:
    kept = [part for part in parts if not isinstance(part, Nothing)]
    if not kept:
        return Nothing()
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def _without(part: Part, excluded: list[Part]) -> Part:
    kept = tuple(other for other in excluded if not isinstance(other, Nothing))
    return Without(part, kept) if kept and not isinstance(part, Nothing) else part


def _phrase(found: list[tuple[str, bool]], *, is_beginning: bool = False) -> Part:
    if not found:
        return Nothing()
    parts = [Word(text, flag) for text, flag in found]
    if is_beginning:
        parts[-1] = Word(parts[-1].text, is_beginning=True)
    return parts[0] if len(parts) == 1 else Phrase(tuple(parts))
