"""``triblerd openapi``: the machine-readable description of the API."""

import click

from triblerd.client import ApiClient
from triblerd.command_output import print_json


@click.command()
@click.pass_obj
def openapi(api: ApiClient) -> None:
    """Print the API's OpenAPI 3.1 document: of the running daemon, or of what is installed and enabled."""
    if api.is_running():
        print_json(api.get("/docs/openapi.json"))
        return
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin

    print_json(Installation(api.state_dir).openapi())
