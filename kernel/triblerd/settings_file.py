"""``triblerd.conf`` on disk: TOML that people edit, read strictly and written atomically with their comments kept."""

import contextlib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from triblerd.errors import FailedError

FILE_NAME = "triblerd.conf"
FILE_MODE = 0o600

VERSIONS = "versions"
"""The section that says, for each plugin, of which version its sections are; without a word on it, of version 1."""
_VERSIONS_NOTE = "Written by triblerd: of which version the sections of each plugin are. Leave it as it is."

Values = dict[str, dict[str, object]]


class BrokenSettingsError(FailedError):
    """The settings file is no TOML, or its top level holds something else than sections."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}. The file was left as it is; mend it and start again.")
        self.path = path
        self.reason = reason


class SettingsFile:
    """Reads and writes one settings file.

    Args:
        path: The file; its directory exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Return whether there is such a file."""
        return self.path.exists()

    def read(self) -> Values:
        """Return the sections as plain values; no sections when there is no file.

        Raises:
            BrokenSettingsError: not TOML (line and reason are named), or not readable.
        """
        try:
            values = tomllib.loads(self.path.read_bytes().decode())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BrokenSettingsError(self.path, error.strerror or str(error)) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BrokenSettingsError(self.path, str(error)) from error
        for name, section in values.items():
            if not isinstance(section, dict):
                raise BrokenSettingsError(self.path, f"'{name}' stands outside of a section such as [general]")
        return values

    def create(self, text: str) -> None:
        """Write a new file.

        Raises:
            FailedError: it cannot be written.
        """
        self._replace(text)

    def change(self, changes: Mapping[str, Mapping[str, object] | None]) -> None:
        """Set some keys and keep everything else, comments included. ``None`` removes a key, or a section.

        Raises:
            BrokenSettingsError: somebody broke the file since it was read.
            FailedError: it cannot be written.
        """
        import tomlkit  # noqa: PLC0415 - 1 MiB that only a change needs
        import tomlkit.exceptions  # noqa: PLC0415

        try:
            document = tomlkit.parse(self.path.read_text() if self.exists() else "")
        except (OSError, UnicodeDecodeError, tomlkit.exceptions.TOMLKitError) as error:
            raise BrokenSettingsError(self.path, str(error)) from error
        for name, values in changes.items():
            if values is None:
                document.pop(name, None)
                continue
            if name not in document:
                document[name] = tomlkit.table()
                if name == VERSIONS:
                    document[name].comment(_VERSIONS_NOTE)
            section = document[name]
            for key, value in values.items():
                if value is not None:
                    section[key] = value
                else:
                    section.pop(key, None)
        self._replace(tomlkit.dumps(document))

    def keep_copy(self) -> Path:
        """Copy the file to ``<name>.bad`` beside it and return that path."""
        return self.copy_to(self.path.with_name(self.path.name + ".bad"))

    def copy_to(self, target: Path) -> Path:
        """Copy the file, with its mode, which keeps its secrets, and return the path of the copy."""
        _write(target, self.path.read_bytes())
        return target

    def _replace(self, text: str) -> None:
        new = self.path.with_name(self.path.name + ".new")
        try:
            _write(new, text.encode())
            new.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink()
            msg = f"{self.path} cannot be written: {error.strerror or error}"
            raise FailedError(msg) from error


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)  # the file may have existed with another mode
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
