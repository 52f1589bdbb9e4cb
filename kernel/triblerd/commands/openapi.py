"""``triblerd openapi``: the machine-readable description of the API."""

from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import print_json


@click.command()
@click.pass_obj
def openapi(api: ApiClient) -> None:
    """Print the API's OpenAPI 3.1 document: of the running daemon, or of what is installed and enabled."""
    print_json(api.get("/docs/openapi.json") if api.is_running() else _declared(api))


def _declared(api: ApiClient) -> dict[str, Any]:
    import triblerd  # noqa: PLC0415 - fast start
    from triblerd.commands.offline import Installation  # noqa: PLC0415
    from triblerd.config import ApiConfig  # noqa: PLC0415
    from triblerd.container import KernelContainer  # noqa: PLC0415
    from triblerd.http.openapi import openapi_document  # noqa: PLC0415

    installation = Installation(api.state_dir)
    config = installation.configuration.get("api", ApiConfig)
    endpoints = {
        "kernel": [provider.provides for provider in KernelContainer.endpoints.args],
        **{name: declaration.endpoints for name, declaration in installation.declarations.items()},
    }
    return openapi_document(
        {name: [route for endpoint in owned for route in endpoint.routes] for name, owned in endpoints.items()},
        version=triblerd.__version__,
        wants_key=config.key != "",  # without one, the first start makes one
        base_path=config.base_path,
    )
