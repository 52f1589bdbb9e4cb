"""Takes XML apart, also such as is not well-formed, in a time that grows with its length and nothing else.

No document type is read: an entity that XML or HTML does not define stays as it was written, so that nothing is
expanded and nothing is fetched. Why this is not left to a library stands in ``docs/decisions/0042-feeds.md``.
"""

import re
from collections.abc import Iterator, Mapping
from html.entities import html5
from typing import NamedTuple

_NAME = r"[^\s<>/=\"'!?&;]++"
# Nothing reaches past the next "<", which may stand in no tag: so looking for the end of each tag is no work twice.
_START = re.compile(rf"""<({_NAME})((?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+)>""")
_TORN = re.compile(rf"<({_NAME})([^<>]*+)>")
"""A tag with a quotation mark that has no fellow."""
_END = re.compile(rf"</({_NAME})[^<>]*+>")
_ATTRIBUTE = re.compile(rf"""({_NAME})\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));")
_UNSAID = (("<!--", "-->"), ("<?", "?>"))
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_GREATEST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_MOST_MARKS = 200_000
_MOST_ATTRIBUTES = 100
_LONGEST_TAG = 64 * 1024


class Start(NamedTuple):
    """A tag that begins an element.

    Attributes:
        name: As it is written, with its prefix.
        raw_attributes: For ``attributes_of``.
        is_empty: It ends the element, too.
    """

    name: str
    raw_attributes: str
    is_empty: bool


class End(NamedTuple):
    """A tag that ends an element."""

    name: str


Token = Start | End | str
"""A string is a piece of text, references resolved."""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tags and texts of a document, in order, up to 200,000 marks."""
    position = 0
    for _ in range(_MOST_MARKS):
        found = text.find("<", position)
        if found < 0:
            break
        if found > position:
            yield resolved(text[position:found])
        token, position = _markup(text, found)
        if token is not None:
            yield token
    else:
        return
    if position < len(text):
        yield resolved(text[position:])


def attributes_of(raw: str) -> Mapping[str, str]:
    """Return the attributes of a tag by their names as they are written, the first of each name, at most a hundred."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(raw[:_LONGEST_TAG]):
        found.setdefault(match[1], resolved(match[2] or match[3] or match[4] or ""))
        if len(found) == _MOST_ATTRIBUTES:
            break
    return found


def resolved(text: str) -> str:
    """Return a text with its references to characters resolved."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _markup(text: str, at: int) -> tuple[Token | None, int]:
    """Return what begins at a ``<``, ``None`` for what says nothing, and where it ends."""
    if text.startswith(_CDATA, at):
        begin = at + len(_CDATA)
        end, after = _until(text, _CDATA_END, begin)
        return text[begin:end], after
    for mark, end_mark in _UNSAID:
        if text.startswith(mark, at):
            return None, _until(text, end_mark, at + len(mark))[1]
    if text.startswith("<!", at):
        return None, _after_declaration(text, at)
    if match := _END.match(text, at):
        return End(match[1]), match.end()
    if match := _START.match(text, at) or _TORN.match(text, at):
        raw = match[2]
        return Start(match[1], raw, raw.endswith("/")), match.end()
    return "<", at + 1


def _until(text: str, mark: str, begin: int) -> tuple[int, int]:
    """Return where a mark begins and ends; what has none reaches to the end of the text."""
    found = text.find(mark, begin)
    return (len(text), len(text)) if found < 0 else (found, found + len(mark))


def _after_declaration(text: str, at: int) -> int:
    """Return where a ``<!DOCTYPE`` ends, with the declarations in its brackets."""
    closed = _until(text, ">", at)[0]
    bracket = text.find("[", at, closed)
    return _until(text, ">", _until(text, "]", bracket)[1] if bracket >= 0 else at)[1]


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return html5.get(f"{name};", match[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if 0 < number <= _GREATEST and number not in _SURROGATES else "\ufffd"
