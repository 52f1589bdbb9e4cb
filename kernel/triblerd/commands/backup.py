"""``triblerd backup``: a copy of the store, while the daemon runs or not."""

import asyncio
from pathlib import Path

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, print_json, size_text
from triblerd.errors import NotFoundError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(api: ApiClient, file: Path, *, as_json: bool) -> None:
    """Copy the store into a new FILE. A running daemon goes on, and writes the file itself."""
    target = file.absolute()
    if api.is_running():
        done = api.call("POST", "/backup", {"path": str(target)})
    else:
        done = {"path": str(target), "bytes": asyncio.run(_copy(api.state_dir, target))}
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['path']}: {size_text(done['bytes'])}")


async def _copy(state_dir: Path, target: Path) -> int:
    from triblerd.config import StoreConfig  # noqa: PLC0415 - fast start
    from triblerd.state_dir import StateDirectory  # noqa: PLC0415
    from triblerd.store import Store  # noqa: PLC0415
    from triblerd.store_engine import data_file  # noqa: PLC0415

    if not data_file(state_dir / "store").exists():
        msg = f"There is no store in {state_dir}"
        raise NotFoundError(msg)
    with StateDirectory(state_dir).locked():
        async with Store(state_dir / "store", StoreConfig()) as store:
            return await store.backup(target)
