"""``triblerd metadata import`` and ``triblerd metadata export``."""

import gzip
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json
from triblerd.errors import ConflictError, TriblerdError
from triblerd_metadata.bulk.sources import Batch, Source, open_source

REFUSALS_SHOWN = 20
MEDIA_TYPE = "application/x-ndjson"

_AT_A_TIME = 2
"""Batches: one is on its way while another one is stored."""

Show = Callable[[int, int], None]
"""Shows how far it is: how much of the source, and how many entries."""


@click.group()
def metadata() -> None:
    """Take torrents into the metadata store, and write them out."""


@dataclass
class _Outcome:
    """What became of the entries."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.counts.total() + len(self.refused)

    def note(self, batch: Batch, answer: Mapping[str, Any], lines_before: int) -> None:
        for name in ("added", "replaced", "kept"):
            self.counts[name] += answer[name]
        self.refused += batch.refused
        for refusal in answer["refused"]:
            line = refusal["line"]
            what = batch.names[line - 1] if batch.names is not None else f"line {lines_before + line}"
            self.refused.append((what, refusal["reason"]))


@metadata.command("import")
@click.argument("source", metavar="FILE|DIRECTORY|-", type=click.Path(allow_dash=True, path_type=Path))
@json_option
@click.pass_obj
def import_(api: ApiClient, /, *, source: Path, as_json: bool) -> None:
    """Take over entries from lines of JSON, as `export` writes them (.gz too), or the torrents below a directory.

    What is there already is kept. After an interruption the same command goes on where it was. Private torrents are
    left out.
    """
    opened = open_source(source)
    outcome = _Outcome()
    begun = api.get("/metadata/import", source=opened.identity)
    try:
        with _bar(opened.size, plain_text(source.name or str(source)), disable=as_json) as show:
            _import_all(api, opened, begun, outcome, show)
    except (TriblerdError, KeyboardInterrupt):
        if opened.identity:
            click.echo("What was taken over so far is stored; repeat the command to go on.", err=True)
        raise
    if as_json:
        refused = [{"what": what, "reason": reason} for what, reason in outcome.refused]
        counts = {name: outcome.counts[name] for name in ("added", "replaced", "kept")}
        print_json({**counts, "before": begun["number"], "refused": refused})
    else:
        _print(outcome, before=begun["number"])


def _import_all(api: ApiClient, source: Source, begun: Mapping[str, int], outcome: _Outcome, show: Show) -> None:
    """Send one batch while the one before is stored."""
    clients = [api, *(api.another() for _ in range(_AT_A_TIME - 1))]
    under_way: deque[tuple[Batch, Future[Any]]] = deque()
    position, lines = begun["position"], begun["number"]

    def take_answer() -> None:
        nonlocal lines
        batch, answer = under_way.popleft()
        outcome.note(batch, answer.result(), lines)
        lines = batch.number
        show(batch.done, outcome.total)

    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        for number, batch in enumerate(source.batches(position, lines)):
            if len(under_way) == _AT_A_TIME:
                take_answer()
            client = clients[number % _AT_A_TIME]  # whose batch was answered just now
            under_way.append((batch, threads.submit(_send, client, source, batch, begin=position)))
            position = batch.position
        while under_way:
            take_answer()
    end = Batch(lines=b"", position=position, number=lines, done=0)
    _send(api, source, end, begin=position, is_last=True)  # it may be imported once more


def _send(api: ApiClient, source: Source, batch: Batch, *, begin: int, is_last: bool = False) -> Any:
    query = {"source": source.identity, "begin": begin, "position": batch.position, "number": batch.number}
    query["more"] = int(bool(source.identity) and not is_last)
    return api.call("POST", "/metadata/import", batch.lines, query=query, content_type=MEDIA_TYPE)


def _print(outcome: _Outcome, *, before: int) -> None:
    for what, reason in outcome.refused[:REFUSALS_SHOWN]:
        click.echo(f"{plain_text(what)}: {plain_text(reason)}", err=True)
    if (further := len(outcome.refused) - REFUSALS_SHOWN) > 0:
        click.echo(f"and {further:,} more, which --json shows", err=True)
    counts = outcome.counts
    parts = [f"{counts['added']:,} added", f"{counts['replaced']:,} replaced" if counts["replaced"] else ""]
    parts += [f"{counts['kept']:,} there already" if counts["kept"] else ""]
    parts += [f"{len(outcome.refused):,} refused" if outcome.refused else ""]
    parts += [f"{before:,} taken over before" if before else ""]
    click.echo(", ".join(filter(None, parts)))


@metadata.command()
@click.argument("file", metavar="FILE|-", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("-f", "--force", is_flag=True, help="Replace an existing file.")
@click.option("--torrents", is_flag=True, help="Only torrents, no channels and folders.")
@click.option("--hide-xxx", is_flag=True, help="Leave out what the family filter marks.")
@click.option("--hide-own", is_flag=True, help="Leave out what came from your own downloads.")
@click.pass_obj
def export(api: ApiClient, /, *, file: Path, force: bool, **options: bool) -> None:
    """Write every entry as a line of JSON; a FILE whose name ends in .gz is packed, - is standard output.

    The file has its name once it is whole. It tells what you downloaded, but for --hide-own.
    """
    chunks = api.chunks(
        "/metadata/export",
        metadata_type=[300] if options["torrents"] else None,
        hide_xxx=int(options["hide_xxx"]),
        hide_own=int(options["hide_own"]),
    )
    if str(file) == "-":
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        return
    if file.exists() and not force:
        msg = f"{file} exists; --force replaces it"
        raise ConflictError(msg)
    with _bar(None, plain_text(file.name), disable=False) as show, _written(file) as target:
        size = count = 0
        for chunk in chunks:
            target.write(chunk)
            size += len(chunk)
            count += chunk.count(b"\n")
            show(size, count)
    click.echo(f"{count:,} entries", err=True)


@contextmanager
def _written(file: Path) -> Iterator[IO[bytes]]:
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with gzip.open(unfinished, "wb", 5) if file.suffix == ".gz" else unfinished.open("wb") as target:
            yield cast("IO[bytes]", target)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _bar(size: int | None, title: str, *, disable: bool) -> Iterator[Show]:
    from rich.console import Console  # noqa: PLC0415 - 60 ms for what draws bars
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:,} entries", markup=False),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=disable or not console.is_terminal) as progress:
        bar = progress.add_task(title[:40], total=size, count=0)
        yield lambda done, count: progress.update(bar, completed=done, count=count)


COMMANDS = (metadata,)
