"""``triblerd upgrade``: what a start would convert, or to convert it without a start."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, print_table, size_text
from triblerd_upgrader.migrating.backups import NoRoomError
from triblerd_upgrader.migrating.container import migrating
from triblerd_upgrader.migrating.plan import Chain
from triblerd_upgrader.migrating.upgrading import Upgrader

STORE_FILE = "store/data.mdb"


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
@click.pass_obj
def upgrade(api: ApiClient, *, dry_run: bool, as_json: bool) -> None:
    """Convert what an older release left, as the next start of the daemon would. The daemon must be stopped.

    A copy of the store and of the settings is made first. After an interruption the same command, or the daemon, goes
    on where it was.
    """
    if not (api.state_dir / STORE_FILE).exists():  # and none is made
        done: dict[str, Any] = {"state_dir": str(api.state_dir), "plugins": []}
    else:
        tell = _silent if as_json or dry_run else _show
        done = asyncio.run(_planned(api) if dry_run else _upgraded(api, tell))
    if as_json:
        print_json(done)
    else:
        _print(done, dry_run=dry_run)
    if any(plugin["problem"] for plugin in done["plugins"]):
        click.get_current_context().exit(1)


async def _planned(api: ApiClient) -> dict[str, Any]:
    async with _upgrader(api) as upgrader:
        chains = upgrader.plan()
        room = await upgrader.room(chains)
        problem = f"{NoRoomError(api.state_dir, room)}" if room.is_short else ""
        return {
            "state_dir": str(api.state_dir),
            "bytes_needed": room.needed,
            "bytes_free": room.free,
            "plugins": [_described(chain, chain.fault or problem) for chain in chains],
        }


async def _upgraded(api: ApiClient, tell: Callable[[str], None]) -> dict[str, Any]:
    async with _upgrader(api) as upgrader:
        chains = upgrader.plan()
        failures = await upgrader.upgrade([chain.plugin for chain in chains], tell)
        return {
            "state_dir": str(api.state_dir),
            "plugins": [_described(chain, failures.get(chain.plugin, "")) for chain in chains],
        }


@asynccontextmanager
async def _upgrader(api: ApiClient) -> AsyncIterator[Upgrader]:
    from triblerd.offline import offline_context  # noqa: PLC0415 - half a second

    async with offline_context(api.state_dir, "upgrader") as context:
        yield migrating(context).upgrader()


def _described(chain: Chain, problem: str) -> dict[str, Any]:
    return {
        "name": chain.plugin,
        "problem": problem,
        "versions": {old.kind: {"found": old.found, "wanted": old.wanted} for old in chain.outdated},
        "steps": [{"kind": kind, "to": migration.to, "summary": migration.summary} for kind, migration in chain.steps],
    }


def _print(done: dict[str, Any], *, dry_run: bool) -> None:
    plugins: Sequence[dict[str, Any]] = done["plugins"]
    if not plugins:
        click.echo(f"There is nothing to upgrade in {plain_text(done['state_dir'])}.")
        return
    if dry_run:
        rows = [
            (plugin["name"], step["kind"], f"{step['to'] - 1} to {step['to']}", step["summary"])
            for plugin in plugins
            for step in plugin["steps"]
        ]
        if rows:
            print_table(("PLUGIN", "WHAT", "VERSION", "STEP"), rows)
            click.echo(
                f"Needs {size_text(done['bytes_needed'])} on the disk; {size_text(done['bytes_free'])} are free."
            )
    for plugin in plugins:
        if plugin["problem"]:
            click.echo(plain_text(f"{plugin['name']}: {plugin['problem']}"), err=True)
        elif not dry_run:
            versions = ", ".join(
                f"{kind} {old['found']} to {old['wanted']}" for kind, old in plugin["versions"].items()
            )
            click.echo(f"{plugin['name']}: {versions}")


def _show(text: str) -> None:
    click.echo(plain_text(text), err=True)


def _silent(_text: str) -> None:
    """Print nothing."""


COMMANDS = (upgrade,)
