"""``triblerd search``: look for titles, and have them indexed anew."""

from collections.abc import Sequence

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, print_json, print_table, size_text


@click.group()
def search() -> None:
    """Find torrents by the words of their titles."""


@search.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="The most that is shown.")
@json_option
@click.pass_obj
def find(api: ApiClient, words: tuple[str, ...], *, limit: int, as_json: bool) -> None:
    """Show what is found, the most relevant first.

    Several WORDS stand beside each other as in one text. Have the shell leave signs and quotes alone, as in
    '"big buck" -trailer'.
    """
    found = api.get("/metadata/search/local", txt_filter=" ".join(words), last=limit)["results"]
    torrents = [inner for result in found for inner in result.get("torrents_in_snippet", [result])]
    if as_json:
        print_json(torrents)
        return
    rows = [
        (
            str(torrent["num_seeders"]),
            str(torrent["num_leechers"]),
            size_text(torrent["size"]),
            torrent["infohash"],
            torrent["name"],
        )
        for torrent in torrents
    ]
    print_table(("SEEDERS", "LEECHERS", "SIZE", "INFOHASH", "NAME"), rows)


@search.command()
@click.pass_obj
def reindex(api: ApiClient) -> None:
    """Have all titles indexed anew, in the background. The daemon does this by itself when it has to be."""
    api.call("POST", "/search/reindex")
    click.echo("All titles are being indexed anew; searches may miss some until that is done")


COMMANDS: Sequence[click.Command] = (search,)
