"""The reader of Tribler 8."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from triblerd_identity.api import public_key_of
from triblerd_upgrader.foreign.tribler import places, reading
from triblerd_upgrader.foreign.tribler.checkpoints import View, read_checkpoints
from triblerd_upgrader.foreign.tribler.identity import FILE
from triblerd_upgrader.foreign.tribler.metadata import Own
from triblerd_upgrader.foreign.tribler.settings import CONF, JSON, read_conf, read_json, undone_upgrade
from triblerd_upgrader.foreign.tribler.statements import own_tags
from triblerd_upgrader.foreign.values import Find, Item, Program


class Tribler8:
    """Reads a root, whose files lie on two levels; what version 7 left there is read where version 8 has nothing."""

    program: ClassVar[Program] = Program.TRIBLER_8

    def find(self, directory: Path) -> Find | None:
        """Recognise a root by a version's settings, and checkpoints beside or in it."""
        version = places.new_version(directory)
        if version is None or not places.checkpoints_of_8(directory, version).is_dir():
            return None
        port = places.port_in_use(version)
        return Find(
            program=self.program,
            root=directory,
            version="8",
            downloads=places.count_checkpoints(places.checkpoints_of_8(directory, version)),
            running=f"something listens on port {port}, where it was last" if port else "",
            port=port,
            covers=tuple(places.old_versions(directory)),
        )

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield what a root has; see ``Reader``."""
        version = places.new_version(copy)
        if version is None:
            return
        old = next(iter(places.old_versions(copy, is_copy=True)), None)
        database = version / places.DATABASES / "metadata.db"
        tags = reading.tags_of(database)
        # Paths of version 8 are absolute: those that are not came from the version before it.
        view = View(source / (old or version).relative_to(copy), mapped, tags)
        downloads = reading.OwnDownloads()
        yield from downloads.passing(read_checkpoints(places.checkpoints_of_8(copy, version), view))
        yield from self._settings(version, old, view)
        identity, wrong = reading.identity_of(copy / FILE)
        yield from wrong
        yield from reading.key_of(identity)
        public_key = public_key_of(identity.private) if identity is not None else b""
        own = Own(public_key=public_key, infohashes=downloads.keys, has_tags=True)
        yield from reading.entries_of(database, own)
        yield from own_tags((own.key_of(infohash), names) for infohash, names in tags.items())
        if old is not None:
            owner, _ = reading.identity_of(old / FILE)
            yield from reading.statements_of(old)
            yield from reading.ledger_of(old, owner or identity)
        yield from reading.left_in(copy, version)

    def _settings(self, version: Path, old: Path | None, view: View) -> Iterator[Item]:
        settings, wrong = reading.settings_of(version / JSON, lambda file: read_json(file, view.path))
        yield from wrong
        if settings is None:
            return
        if old is not None:
            before, wrong = reading.settings_of(old / CONF, lambda file: read_conf(file, view.path))
            yield from wrong
            if before is not None:
                settings, wrong = undone_upgrade(settings, before)
                yield from wrong
        yield settings
