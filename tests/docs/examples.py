"""Reads the examples out of the pages."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.paths import DOCS, README, ROOT

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PROGRAMS = ("triblerd", ".venv/bin/triblerd", "/opt/triblerd/bin/triblerd")


@dataclass(frozen=True)
class Example:
    """A block of code in a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def all_pages() -> list[Path]:
    """Return every page that people read."""
    return sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "contrib/README.md", *DOCS.rglob("*.md")])


def examples(*languages: str) -> list[Example]:
    """Return the blocks in these languages, of all pages."""
    return [example for page in all_pages() for example in blocks(page) if example.language in languages]


def blocks(page: Path) -> Iterator[Example]:
    """Yield the blocks of one page."""
    text = page.read_text()
    for match in _BLOCK.finditer(text):
        indent, language, code = match.groups()
        code = "\n".join(line.removeprefix(indent) for line in code.splitlines()) + "\n"
        yield Example(page, text.count("\n", 0, match.start()) + 1, language, code)


def command_lines(example: Example) -> Iterator[list[str]]:
    """Yield the commands of a block of shell, each as its words, continued lines joined."""
    for line in example.text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\$\((?=\S)|\)$", line):
            words = shlex.split(part, comments=True)
            if words[:1] == ["sudo"]:
                words = words[3:] if words[1] == "-u" else words[1:]
            if words:
                yield words


def daemon_commands(example: Example) -> Iterator[list[str]]:
    """Yield what is given to ``triblerd`` in a block of shell."""
    for words in command_lines(example):
        if words[0] in _PROGRAMS:
            yield words[1:]


def requests(example: Example) -> Iterator[tuple[str, str]]:
    """Yield method and path of what is sent by ``curl`` in a block of shell."""
    for words in command_lines(example):
        if words[0].endswith("curl"):
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            (url,) = [word for word in words if word.startswith("http://")]
            yield method, "/" + url.split("/", 3)[3].partition("?")[0]
