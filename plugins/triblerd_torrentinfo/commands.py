"""The command that this plugin adds to ``triblerd``: info."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, print_table, size_text
from triblerd.errors import InvalidInputError

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_INFOHASH = re.compile(r"[0-9a-fA-F]{40}")


@click.command()
@click.argument("source", metavar="URI|FILE")
@click.option("--hops", type=click.IntRange(0, 3), help="Anonymity: 0 is plain.  [default: as downloads have]")
@json_option
@click.pass_obj
def info(api: ApiClient, source: str, *, hops: int | None, as_json: bool) -> None:
    """Show what is in a torrent: of a magnet link, an address, a file of this machine, or a bare infohash.

    Peers have a minute to send the metadata of a magnet link.
    """
    path = Path(source)
    if _INFOHASH.fullmatch(source):
        answer = api.get("/torrentinfo", uri=f"magnet:?xt=urn:btih:{source}", hops=hops)
    elif path.is_file():
        answer = api.call("PUT", "/torrentinfo", path.read_bytes(), content_type="application/x-bittorrent")
    elif _URI.match(source):
        answer = api.get("/torrentinfo", uri=source, hops=hops)
    else:
        msg = f"{source} is neither a file, nor a magnet link or an address of a torrent"
        raise InvalidInputError(msg)
    torrent = json.loads(bytes.fromhex(answer["metainfo"]))
    if as_json:
        print_json({**answer, "metainfo": torrent})
    else:
        _print(answer, torrent)


COMMANDS: Sequence[click.Command] = (info,)


def _print(answer: Mapping[str, Any], torrent: Mapping[str, Any]) -> None:
    about = torrent["info"]
    files = list(files_of(about))
    lines = {
        "Name": str(about.get("name", "")),
        "Infohash": str(answer["infohash"]),
        "Size": f"{size_text(sum(size for _, size in files))} in {len(files)} file{'' if len(files) == 1 else 's'}",
        "Private": "yes" if about.get("private") else "no",
        "Comment": str(torrent.get("comment", "")),
        "Download": "yes" if answer["download_exists"] else "no",
    }
    for name, text in lines.items():
        if text:
            click.echo(f"{name + ':':<10} {plain_text(text)}")
    click.echo()
    print_table(("SIZE", "NAME"), [(size_text(size), name) for name, size in files])


def files_of(about: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield path and size of each file of an info dictionary of any generation, without those that only pad."""
    if "files" in about:
        for file in about["files"]:
            if "p" not in file.get("attr", ""):
                yield "/".join(map(str, file["path"])), int(file["length"])
    elif "length" in about:
        yield str(about.get("name", "")), int(about["length"])
    else:
        yield from _leaves(about.get("file tree", {}), ())


def _leaves(tree: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for name, below in tree.items():
        if name:
            yield from _leaves(below, (*parts, name))
        elif isinstance(below, Mapping):
            yield "/".join(parts), int(below["length"])
