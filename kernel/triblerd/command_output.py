"""How commands print: tables for people, JSON for programs, sizes and rates in units."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024


def json_option(command: Command) -> Command:
    """Give a command the option ``--json``, as the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def print_json(value: object) -> None:
    """Print a value as JSON, in ASCII: a name in it must not steer the terminal."""
    click.echo(json.dumps(value, indent=2))


def print_json_line(value: object) -> None:
    """Print a value as JSON on one line, at once."""
    click.echo(json.dumps(value))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their heads, each column as wide as its widest cell but the last one."""
    lines = [[plain_text(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[-1] = 0
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def plain_text(text: str) -> str:
    """Return a text without control characters: a name out of a torrent must not steer the terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def size_text(size: float) -> str:
    """Return a number of bytes as people say it: ``1.5 MiB``."""
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            break
        size /= _STEP
    return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"


def rate_text(rate: float) -> str:
    """Return bytes per second as people say it; nothing for none."""
    return f"{size_text(rate)}/s" if rate else ""
