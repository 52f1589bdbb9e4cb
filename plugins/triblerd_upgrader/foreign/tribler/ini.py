"""INI as both generations write it: version 7 with the quotes of the ConfigObj library, version 8 without any.

Nothing of a file is ever evaluated, and there is no interpolation.
"""

import re
from collections.abc import Iterator

Sections = dict[str, dict[str, str]]
"""By section and key, values as they stand there, without the blanks around them."""

_TRIPLES = ('"""', "'''")
_QUOTES = ("'", '"')
_WORDS: dict[str, object] = {"True": True, "False": False, "None": None}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?")


def parse_sections(text: str) -> Sections:
    """Return what stands in a file; of two keys of the same name the last counts.

    Raises:
        ValueError: a line is neither a section nor a value.
    """
    sections: Sections = {}
    values: dict[str, str] = {}
    lines = iter(text.removeprefix("\ufeff").split("\n"))  # names may hold what `splitlines` takes for an end of line
    for line in map(str.strip, lines):
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            values = sections.setdefault(line.strip("[] "), {})
            continue
        key, separator, value = line.partition("=")
        if not separator or not sections:
            msg = f"this is no line of a configuration: {line[:40]!r}"
            raise ValueError(msg)
        values[key.strip()] = _whole(value.strip(), lines)
    return sections


def unquoted(value: str) -> str:
    """Return the text that a value of version 7 stands for."""
    for quotes in _TRIPLES:
        if value.startswith(quotes):
            return value.removeprefix(quotes).partition(quotes)[0]
    if value[:1] in _QUOTES and (end := value.find(value[:1], 1)) > 0:
        return value[1:end]
    return value.partition("#")[0].rstrip()


def listed(value: str) -> list[str]:
    """Return the texts that a list of version 7 or 8 stands for: ``a, "b, c"``, ``a,`` and ``,``."""
    items = []
    rest = value.strip()
    while rest:
        if rest[0] in _QUOTES and (end := rest.find(rest[0], 1)) > 0:
            items.append(rest[1:end])
            rest = rest[end + 1 :].partition(",")[2].strip()
        else:
            item, _, rest = rest.partition(",")
            items.append(item.strip())
            rest = rest.strip()
    return [item for item in items if item]


def python_value(value: str) -> object:
    """Return what a setting of version 7 stands for: ``True``, ``None``, a number, texts, or a text."""
    text = unquoted(value)
    if value[:1] in _QUOTES:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return listed(text) if "," in text else text


def _whole(value: str, lines: Iterator[str]) -> str:
    """Return a value with the lines that it goes on for: only a text in triple quotes has more than one."""
    for quotes in _TRIPLES:
        if value.startswith(quotes):
            while quotes not in value.removeprefix(quotes):
                value += "\n" + next(lines, quotes)
    return value
