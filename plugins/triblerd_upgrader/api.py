"""What listeners and other plugins see of the upgrader."""

from collections.abc import Mapping
from typing import ClassVar

from triblerd.events import Arguments, Event


class UpgraderStarted(Event):
    """Data or settings of an older release are being converted."""

    topic: ClassVar[str] = "upgrader_started"

    plugins: tuple[str, ...]
    """Those whose data or settings are concerned."""


class UpgraderTick(Event):
    """How far it is; a sentence for people, about twice a second."""

    topic: ClassVar[str] = "upgrader_tick"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    text: str


class UpgraderFinished(Event):
    """The upgrade has ended, well or not."""

    topic: ClassVar[str] = "upgrader_finished"

    failures: Mapping[str, str]
    """Why the data of some plugins were not converted; empty when all is well."""


class UpgraderDone(Event):
    """The same, by the name that older clients know."""

    topic: ClassVar[str] = "upgrader_done"
