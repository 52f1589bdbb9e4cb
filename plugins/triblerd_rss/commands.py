"""``triblerd rss``: the feeds that are followed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, print_table
from triblerd.errors import InvalidInputError, NotFoundError

Feed = Mapping[str, Any]
"""One feed as ``GET /rss/feeds`` shows it."""


@click.group()
def rss() -> None:
    """Follow feeds of torrents."""


@rss.command("list")
@json_option
@click.pass_obj
def list_feeds(api: ApiClient, *, as_json: bool) -> None:
    """List the feeds that are followed, with what went wrong at the last poll."""
    _show(_feeds(api), as_json=as_json)


@rss.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.pass_obj
def add(api: ApiClient, urls: tuple[str, ...]) -> None:
    """Follow feeds by their addresses."""
    for url in urls:
        click.echo(api.call("POST", "/rss/feeds", {"url": url})["feed"])


@rss.command()
@click.argument("names", metavar="FEED...", nargs=-1, required=True)
@click.pass_obj
def remove(api: ApiClient, names: tuple[str, ...]) -> None:
    """Follow feeds no more, and forget what was seen in them. FEED is an address, or the first digits of the name."""
    for feed in _found(api, names):
        api.call("DELETE", f"/rss/feeds/{feed['feed']}")


@rss.command()
@click.argument("names", metavar="FEED...", nargs=-1)
@json_option
@click.pass_obj
def poll(api: ApiClient, names: tuple[str, ...], *, as_json: bool) -> None:
    """Poll feeds now, all of them unless some are named, and show what came of it."""
    feeds = _found(api, names) if names else _feeds(api)
    _show([api.call("POST", f"/rss/feeds/{feed['feed']}/poll") for feed in feeds], as_json=as_json)


def _feeds(api: ApiClient) -> list[Feed]:
    feeds: list[Feed] = api.get("/rss/feeds")["feeds"]
    return feeds


def _found(api: ApiClient, names: Sequence[str]) -> list[Feed]:
    """Return the feeds that people name, all of them or none.

    Raises:
        NotFoundError: one is not followed.
        InvalidInputError: there are several like that.
    """
    feeds = _feeds(api)
    found = []
    for name in names:
        fitting = [feed for feed in feeds if feed["url"] == name or feed["feed"].startswith(name.lower())]
        if not fitting:
            msg = f"There is no feed {name}"
            raise NotFoundError(msg)
        if len(fitting) > 1:
            msg = f"{name} is the beginning of {len(fitting)} feeds"
            raise InvalidInputError(msg)
        found += fitting
    return found


def _show(feeds: Sequence[Feed], *, as_json: bool) -> None:
    if as_json:
        print_json(feeds)
        return
    rows = [
        (feed["feed"], str(feed["entries"]), _time(feed["last_poll"]), feed["title"] or feed["url"]) for feed in feeds
    ]
    print_table(("FEED", "ENTRIES", "LAST POLL", "TITLE"), rows)
    for feed in feeds:
        if feed["error"]:
            click.echo(f"{feed['feed']}: {plain_text(feed['error'])}", err=True)


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}" if seconds else "never"


COMMANDS: Sequence[click.Command] = (rss,)
