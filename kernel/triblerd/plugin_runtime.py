"""One plugin while it runs: its context, its lifespan, and what it gave to the daemon."""

import asyncio
import dataclasses
import logging
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from triblerd.http.router import Router
from triblerd.plugin import PluginContext, Running
from triblerd.plugin_hooks import PluginHooks
from triblerd.service_registry import ServiceRegistry

log = logging.getLogger(__name__)

START_LIMIT_SECONDS = 120.0
STOP_LIMIT_SECONDS = 20.0
GRACE_SECONDS = 5.0
"""How long requests in flight may still take when their plugin stops."""


class PluginRuntime:
    """A started plugin.

    The lifespan lives in a task of its own from its beginning to its end, so that a plugin may hold task groups and
    time limits open across its ``yield``.

    Args:
        context: What the plugin was given. Replaced as a whole when its sections change.
    """

    def __init__(
        self, context: PluginContext[Any], *, hooks: PluginHooks, router: Router, services: ServiceRegistry
    ) -> None:
        self.context = context
        self._hooks = hooks
        self._router = router
        self._services = services
        self._ending = asyncio.Event()
        self._host: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run the first half of the lifespan and take what it offers. On failure nothing of it stays."""
        name = self.context.name
        lifespans = self._hooks.call(name, "triblerd_lifespan", context=self.context)
        if not lifespans:
            self._offer(Running())
            return
        lifespan = cast("AbstractAsyncContextManager[Running]", lifespans[0])
        started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._host = asyncio.create_task(self._live(lifespan, started), name=f"{name}.lifespan")
        try:
            async with asyncio.timeout(START_LIMIT_SECONDS):
                running = await started
            self._offer(running)
        except BaseException:
            if not started.done() or started.cancelled():
                self._host.cancel()
            await self.stop(0)
            raise

    def reconfigure(self, **sections: Any) -> bool:
        """Hand changed sections to the running plugin; return whether it took them. What it raises comes out."""
        self.context = dataclasses.replace(self.context, **sections)
        self._hooks.call(self.context.name, "triblerd_reconfigure", context=self.context)
        return self._hooks.implements(self.context.name, "triblerd_reconfigure")

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> str:
        """Take everything back and run the second half of the lifespan; return what went wrong, or an empty text."""
        name = self.context.name
        await self._router.unbind(name, grace_seconds)
        self._hooks.remove(name, keep_module=True)
        self._services.withdraw(name)
        await self.context.tasks.close()
        if self._host is None:
            return ""
        self._ending.set()
        _, late = await asyncio.wait([self._host], timeout=STOP_LIMIT_SECONDS)
        if late:
            self._host.cancel()
            log.error("The plugin %s did not stop within %s s", name, STOP_LIMIT_SECONDS)
            return f"did not stop within {STOP_LIMIT_SECONDS:g} s"
        error = None if self._host.cancelled() else self._host.exception()
        if error is not None:
            log.error("The plugin %s failed while stopping", name, exc_info=error)
            return f"{type(error).__name__}: {error}"
        return ""

    def _offer(self, running: Running) -> None:
        name = self.context.name
        self._services.offer(name, running.services)
        for implementation in running.hooks:
            self._hooks.add(name, implementation)
        self._router.bind(name, running.endpoints)

    async def _live(self, lifespan: AbstractAsyncContextManager[Running], started: asyncio.Future[Running]) -> None:
        try:
            async with lifespan as running:
                started.set_result(running)
                await self._ending.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)
