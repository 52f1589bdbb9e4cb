"""Writes torrent files where a client wants them."""

import os
import secrets
from pathlib import Path

from triblerd.errors import InvalidInputError
from triblerd.services import FileRoots
from triblerd_createtorrent.api import FileError

SUFFIX = ".torrent"

_LONGEST_NAME = 255  # bytes, with most file systems
_DEFAULT_NAME = "unknown"


def export_path(folder: str, name: str, roots: FileRoots) -> Path | None:
    """Return where the torrent file shall be written; ``None`` when it shall not.

    Args:
        folder: Empty writes nothing.
        name: Of the file, without its suffix; empty takes the contract's default.
        roots: The directories of which one holds the folder.

    Raises:
        InvalidInputError: the name leads elsewhere, or the folder is relative or not allowed.
    """
    name = name or _DEFAULT_NAME
    is_path = any(sign in name for sign in "/\\\0") or name in {".", ".."}
    if is_path or len((name + SUFFIX).encode(errors="replace")) > _LONGEST_NAME:
        msg = "invalid name"
        raise InvalidInputError(msg)
    if not folder:
        return None
    if "\0" in folder or not folder.startswith("/"):
        msg = "export_dir must be an absolute path"
        raise InvalidInputError(msg)
    if not roots.allow(Path(folder)):
        msg = f"export_dir {folder} is outside of the allowed directories"
        raise InvalidInputError(msg)
    return Path(folder) / (name + SUFFIX)


def export(path: Path, metainfo: bytes) -> bool:
    """Write a torrent file, whole or not at all; an existing one is replaced.

    Returns:
        Whether it was written: without its directory it is not, and that is no error.

    Raises:
        FileError: the system refuses.
    """
    if not path.parent.is_dir():
        return False
    new = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        try:
            _write(new, metainfo)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        msg = f"Cannot write {path}: {error.strerror or error}"
        raise FileError(msg) from error
    return True


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
