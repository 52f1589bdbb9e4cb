"""The reader of Tribler 7.13 and the versions next to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from triblerd_identity.api import public_key_of
from triblerd_upgrader.foreign.tribler import places, reading
from triblerd_upgrader.foreign.tribler.checkpoints import FOLDER, View, read_checkpoints
from triblerd_upgrader.foreign.tribler.identity import FILE
from triblerd_upgrader.foreign.tribler.metadata import Own
from triblerd_upgrader.foreign.tribler.settings import CONF, read_conf
from triblerd_upgrader.foreign.values import Find, Item, Program


class Tribler7:
    """Reads a root that has directories of versions, or one of these."""

    program: ClassVar[Program] = Program.TRIBLER_7

    def find(self, directory: Path) -> Find | None:
        """Recognise a version by its settings and checkpoints.

        A root that version 8 took over is no longer one, not even with settings of the same name in it, such as ours.
        """
        version = places.old_version(directory)
        if version is None or places.new_version(directory) is not None:
            return None
        root = version.parent
        return Find(
            program=self.program,
            root=directory,
            version=places.last_version(root) or version.name,
            downloads=places.count_checkpoints(version / FOLDER),
            running=places.lock_held(root),
        )

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield what a version has, the newest of a root; see ``Reader``."""
        version = places.old_version(copy, is_copy=True)
        if version is None:
            return
        view = View(source / version.relative_to(copy), mapped)
        downloads = reading.OwnDownloads()
        yield from downloads.passing(read_checkpoints(version / FOLDER, view))
        settings, wrong = reading.settings_of(version / CONF, lambda file: read_conf(file, view.path))
        yield from wrong
        if settings is not None:
            yield settings
        identity, wrong = reading.identity_of(version / FILE)
        yield from wrong
        yield from reading.key_of(identity)
        public_key = public_key_of(identity.private) if identity is not None else b""
        own = Own(public_key=public_key, infohashes=downloads.keys, has_tags=False)
        yield from reading.entries_of(version / places.DATABASES / "metadata.db", own)
        yield from reading.statements_of(version)
        yield from reading.ledger_of(version, identity)
        yield from reading.left_in(version, copy)
