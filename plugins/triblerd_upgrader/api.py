"""What listeners and other plugins see of the upgrader."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

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


class OfferedState(msgspec.Struct, frozen=True, kw_only=True):
    """What a program that this one takes the place of has left on this machine.

    Attributes:
        program: ``tribler7`` or ``tribler8``.
        version: The program's version, such as ``7.13.1``, or ``8``.
        path: The directory of the state.
        downloads: How many there are, by the names of the files alone.
    """

    program: str
    version: str
    path: str
    downloads: int


@runtime_checkable
class StateImports(Protocol):
    """Takes over what Tribler has left where it keeps it: in ``~/.Tribler``, or where ``TSTATEDIR`` says.

    Other programs, other places, and other ways than the usual one have ``/upgrader/import``.
    """

    @property
    def is_running(self) -> bool:
        """Whether an import runs, of whatever state."""

    async def offered(self) -> Sequence[OfferedState]:
        """Return the states that can be taken over now and were not yet, the newest first.

        Nothing is offered while an import runs, or without the plugin of the downloads; a state is not while its
        program runs.
        """

    async def start(self, state: OfferedState) -> None:
        """Begin to take a state over, all of it but settings, secrets and the key; it goes on in the background.

        Downloads whose files are missing are taken over stopped.

        Raises:
            ConflictError: an import runs, or the program does.
            InvalidInputError: the state is not there any more.
            UnavailableError: downloads cannot be taken over now.
        """
