"""INI files as Qt writes them: texts in quotes where they need to be, with escapes, and lists with commas."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from triblerd_upgrader.foreign.fields import number_of

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,6}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^,\\"]|\\.)+)|(,)')
_TYPED = re.compile(r"@(\w+)\((.*)\)", re.DOTALL)
_LAST_SIGN = 0x10FFFF


class Sections:
    """The values of a file, by section and key.

    Args:
        values: As they stand in the file.
    """

    def __init__(self, values: Mapping[str, Mapping[str, str]]) -> None:
        self._values = values

    def text(self, section: str, key: str, otherwise: str = "") -> str:
        """Return a text."""
        raw = self._values.get(section, {}).get(key)
        return otherwise if raw is None else ", ".join(_parts(raw))

    def texts(self, section: str, key: str) -> list[str]:
        """Return the texts of a list, without empty ones."""
        return [part for part in _parts(self._values.get(section, {}).get(key, "")) if part]

    def number(self, section: str, key: str) -> float | None:
        """Return a number, ``None`` when there is none."""
        number = number_of(self.text(section, key), float("nan"))
        return None if number != number else number  # noqa: PLR0124 - only what is no number differs from itself

    def flag(self, section: str, key: str) -> bool | None:
        """Return a flag, ``None`` when there is none."""
        return {"true": True, "false": False, "1": True, "0": False}.get(self.text(section, key).lower())


def parse_sections(text: str) -> Sections:
    """Return what stands in a file; of two keys of one name the last counts, and what is no line of one is left out.

    Raises:
        ValueError: nothing of it is.
    """
    sections: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").split("\n"):
        stripped = line.strip()
        if stripped[:1] == "[" and stripped[-1:] == "]":
            values = sections.setdefault(unquote(stripped[1:-1]), {})
            continue
        key, separator, value = stripped.partition("=")
        if separator and key[:1] not in {";", "#"}:
            values[unquote(key)] = value
    if not sections:
        msg = "it holds no section"
        raise ValueError(msg)
    return Sections(sections)


def _parts(raw: str) -> Iterator[str]:
    """Yield the texts that a value stands for, one if it is no list."""
    part = ""
    for quoted, bare, comma in _PART.findall(raw):
        if comma:
            yield _plain(part)
            part = ""
        else:
            part += _unescaped(quoted) if quoted else _unescaped(bare.strip())
    if part:
        yield _plain(part)


def _plain(text: str) -> str:
    """Return the text of a value that has its type before it; a type that holds no text has none."""
    if text.startswith("@@"):
        return text[1:]
    typed = _TYPED.fullmatch(text)
    if typed is None:
        return text
    return typed[2] if typed[1] in {"ByteArray", "String"} else ""


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    if match[1][0] != "x" or match[1] == "x":
        return _SIGNS.get(match[1], match[1])
    code = int(match[1][1:], 16)
    return chr(code) if code <= _LAST_SIGN else "\N{REPLACEMENT CHARACTER}"
