"""The hooks of the logging plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, Lifecycle, RecentLog
from triblerd_logging.api import LastRecords, LogReader, SecretMasker
from triblerd_logging.config import LoggingConfig
from triblerd_logging.endpoint import LoggingEndpoint
from triblerd_logging.levels import LogLevels
from triblerd_logging.log_reader import MaskedLog
from triblerd_logging.masking import Masker
from triblerd_logging.records import MaskedRecords


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("logging", "Shows the log, without secrets, and sets what is logged.", early=True)


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return LoggingConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/logging``."""
    return [LoggingEndpoint]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``logging``."""
    from triblerd_logging.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[LoggingConfig]) -> AsyncIterator[Running]:
    """Keep the levels while the plugin runs."""
    configuration = context.service(Configuration)
    masker = Masker(configuration)
    records = MaskedRecords(context.service(RecentLog), masker)
    levels = LogLevels(context.config)
    try:
        yield Running(
            endpoints=[LoggingEndpoint(records=records, levels=levels, configuration=configuration)],
            services={
                SecretMasker: masker,
                LastRecords: records,
                LogReader: MaskedLog(context.service(Lifecycle).log_file, masker),
            },
            hooks=[levels],
        )
    finally:
        levels.restore()
