"""Hooks, called one plugin at a time, so that everybody knows whose was the fault."""

import logging
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

import pluggy

from triblerd import hookspecs
from triblerd.plugin import PROJECT

log = logging.getLogger(__name__)


class MisspeltHookError(TypeError):
    """A plugin implements a hook that nobody calls."""


class PluginHooks:
    """Implements :class:`triblerd.plugin.HookCaller`.

    Args:
        blame: Told the plugin's name and the fault when a hook raised.
    """

    def __init__(self, blame: Callable[[str, str], None]) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._specs: set[int] = set()
        self._objects: dict[str, list[object]] = {}
        self._order: Sequence[str] = ()
        self._blame = blame

    def order(self, names: Sequence[str]) -> None:
        """Say in which order plugins are asked."""
        self._order = names

    def add(self, owner: str, implementation: object) -> None:
        """Register a module or object of a plugin.

        Raises:
            MisspeltHookError: it implements a hook that does not exist.
            pluggy.PluginValidationError: it implements a hook with arguments that the hook does not have.
        """
        objects = self._objects.setdefault(owner, [])
        self._pluggy.register(implementation, name=f"{owner}:{len(objects)}")
        unknown = [
            caller.name
            for caller in self._pluggy.get_hookcallers(implementation) or ()
            if not caller.has_spec()
            and not all(impl.optionalhook for impl in caller.get_hookimpls() if impl.plugin is implementation)
        ]
        if unknown:
            self._pluggy.unregister(implementation)
            msg = f"there is no hook {unknown[0]}; mark hooks of another plugin with optionalhook=True"
            raise MisspeltHookError(msg)
        objects.append(implementation)

    def remove(self, owner: str, *, keep_module: bool) -> None:
        """Take the objects of a plugin away, all but its module if ``keep_module``."""
        objects = self._objects.get(owner, [])
        for implementation in objects[1:] if keep_module else objects[:]:
            self._pluggy.unregister(implementation)
            objects.remove(implementation)

    def add_hookspecs(self, specs: ModuleType) -> None:
        """Add an area's own hooks; the same ones a second time change nothing."""
        if id(specs) not in self._specs:
            self._pluggy.add_hookspecs(specs)
            self._specs.add(id(specs))

    def implements(self, owner: str, hook: str) -> bool:
        """Return whether one of the plugin's objects has this hook."""
        objects = self._objects.get(owner, [])
        caller = getattr(self._pluggy.hook, hook, None)
        return caller is not None and any(impl.plugin in objects for impl in caller.get_hookimpls())

    def call(self, owner: str, hook: str, **arguments: object) -> list[object]:
        """Call a hook of one plugin and return its objects' answers, ``None`` left out. What it raises comes out."""
        if not self.implements(owner, hook):
            return []
        objects = self._objects[owner]
        others = [plugin for plugin in self._pluggy.get_plugins() if plugin not in objects]
        answers: list[object] = self._pluggy.subset_hook_caller(hook, others)(**arguments)
        return answers

    def call_each(self, hook: str, **arguments: object) -> Iterator[tuple[str, object]]:
        """Yield ``(plugin, answer)``; a plugin that fails is logged, noted, and left out."""
        for owner in [*self._order, *(name for name in self._objects if name not in self._order)]:
            try:
                answers = self.call(owner, hook, **arguments)
            except Exception as error:  # a border: a plugin's life
                log.exception("The plugin %s failed in %s", owner, hook)
                self._blame(owner, f"{hook}: {type(error).__name__}: {error}")
                continue
            for answer in answers:
                yield owner, answer
