"""Files of no length, which some programs never make, and without which the engine would hash everything."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from triblerd_upgrader.foreign.planning import Plan

log = logging.getLogger(__name__)


def make_empty_files(plans: Iterable[Plan]) -> None:
    """Make what is missing of downloads that are about to be taken over, and were planned. Blocks; may be repeated.

    What cannot be made is left out: the engine will find that it is missing, and tell.
    """
    for plan in plans:
        for path in map(Path, plan.empty):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):
                    path.open("xb").close()
            except (OSError, ValueError) as error:
                log.warning("%s cannot be made: %s", path, error)
