"""Which directories the paths that clients send may lead into."""

import os
from pathlib import Path

from triblerd.config import ApiConfig
from triblerd.configuration import ConfigurationService


class ConfiguredRoots:
    """Implements :class:`triblerd.services.FileRoots` with what is configured at the moment."""

    def __init__(self, configuration: ConfigurationService) -> None:
        self._configuration = configuration

    def allow(self, path: Path) -> bool:
        """Return whether a path lies in one of the directories, links followed. None configured allows all."""
        roots = self._configuration.get("api", ApiConfig).file_roots
        if not roots:
            return True
        real = _real(path)
        return any(real.is_relative_to(_real(Path(root))) for root in roots)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # which, unlike pathlib's, never fails: not for loops, nor for long names
