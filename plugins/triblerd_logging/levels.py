"""Which records are made at all: the levels of loggers, while the daemon runs."""

import difflib
import logging
from collections.abc import Mapping, Sequence

from triblerd.errors import InvalidInputError
from triblerd.plugin import PluginContext, hookimpl
from triblerd_logging.config import Level, LoggingConfig

ROOT = "root"
"""The logger above all others, whose level at the start is ``general.log_level``."""


class LogLevels:
    """Sets levels, and takes them back at the end.

    Args:
        config: Names the levels that loggers begin with.
    """

    def __init__(self, config: LoggingConfig) -> None:
        self._configured: Mapping[str, Level] = {}
        self._before: dict[str, int] = {}
        self._configure(config)

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[LoggingConfig]) -> None:
        """Set what the section says now, where it says something else than before."""
        self._configure(context.config)

    @property
    def configured(self) -> Mapping[str, Level]:
        """What the section says."""
        return self._configured

    def present(self) -> dict[str, str]:
        """Return the level of each logger that has one of its own, and of the root."""
        found = {name: logger.level for name, logger in _loggers().items() if logger.level != logging.NOTSET}
        return {name: logging.getLevelName(level).lower() for name, level in sorted(found.items())}

    def known(self) -> Sequence[str]:
        """Return the loggers that there are so far, and those that are above them."""
        return sorted({ROOT, *logging.Logger.manager.loggerDict})

    def change(self, changes: Mapping[str, Level | None]) -> None:
        """Set levels until they are set again, or the plugin stops; all of them or none.

        Args:
            changes: By logger; ``None`` is what the settings say.

        Raises:
            InvalidInputError: there is no such logger.
        """
        known = {*self.known(), *self._configured}
        for name in changes:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                msg = f"there is no logger {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
                raise InvalidInputError(msg)
        for name, level in changes.items():
            self._set(name, level or self._configured.get(name))

    def restore(self) -> None:
        """Set every level to what it was before."""
        for name, level in self._before.items():
            _logger(name).setLevel(level)

    def _configure(self, config: LoggingConfig) -> None:
        for name in {**self._configured, **config.levels}:
            if (level := config.levels.get(name)) != self._configured.get(name):
                self._set(name, level)
        self._configured = dict(config.levels)

    def _set(self, name: str, level: Level | None) -> None:
        logger = _logger(name)
        before = self._before.setdefault(name, logger.level)
        logger.setLevel(level.upper() if level else before)


def _logger(name: str) -> logging.Logger:
    return logging.getLogger(None if name == ROOT else name)


def _loggers() -> dict[str, logging.Logger]:
    """Return what there is; nothing is made by asking."""
    named = logging.Logger.manager.loggerDict
    return {ROOT: logging.getLogger(), **{k: v for k, v in list(named.items()) if isinstance(v, logging.Logger)}}
