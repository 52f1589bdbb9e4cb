"""A state directory that no daemon uses, for commands that need it to themselves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from triblerd.config import GeneralConfig
from triblerd.container import KernelContainer, kernel_services
from triblerd.logs import logging_to
from triblerd.options import RunOptions
from triblerd.plugin import PluginContext
from triblerd.state_dir import StateDirectory


@asynccontextmanager
async def offline_context(state_dir: Path, plugin: str) -> AsyncIterator[PluginContext[Any]]:
    """Hold a state directory, and yield what a plugin would be given if it were started.

    Nothing is served, and nothing is started. The plugins that are enabled are loaded, for what they declare.

    Raises:
        AlreadyRunningError: a daemon uses the directory.
        IncompatibleDataError: a newer release wrote it.
        FailedError: it, the settings file, the store or the plugin cannot be used.
    """
    async with AsyncExitStack() as stack:
        directory = StateDirectory(state_dir)
        stack.enter_context(directory.locked())
        options = RunOptions(state_dir=directory.path)
        kernel = KernelContainer(state_dir=directory.path, options=options, stop=lambda: None)
        kernel.layers().read()
        general = kernel.configuration().get("general", GeneralConfig)
        stack.enter_context(logging_to(directory.path / general.log_dir, general, stderr=False))
        await stack.enter_async_context(kernel.store())
        await kernel.versions().open()
        kernel.plugins().load()
        kernel.versions().refuse_newer()
        kernel.services().offer("kernel", kernel_services(kernel))
        yield await kernel.plugins().context_of(plugin)
