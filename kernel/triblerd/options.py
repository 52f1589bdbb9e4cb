"""What the command line decides of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path


def _silent(_line: str) -> None:
    """Announce nothing."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a daemon shall run.

    Attributes:
        state_dir: The state directory; ``None`` means the environment's ``TSTATEDIR`` or the user's own.
        settings: What wins over environment and file, by section and key.
        announce: Told, line by line, where the API is once it answers.
        extra_plugins: Entry points beside those that are installed.
    """

    state_dir: Path | None = None
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    announce: Callable[[str], None] = _silent
    extra_plugins: Sequence[EntryPoint] = ()
