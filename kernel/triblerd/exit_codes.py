"""With which status ``triblerd`` ends, so that service managers and scripts can tell failures apart."""

from enum import IntEnum

from triblerd.errors import IncompatibleDataError, InvalidInputError, TriblerdError
from triblerd.settings_file import BrokenSettingsError
from triblerd.state_dir import AlreadyRunningError


class ExitCode(IntEnum):
    """The exit status of the program; numbers from 64 on are those of ``sysexits.h``."""

    DONE = 0
    FAILED = 1
    """What was asked for did not work."""
    USAGE = 2
    """The command line is wrong."""
    DATA = 65
    """A newer release, or another program, wrote what is stored; another try is useless."""
    TEMPORARY = 75
    """Another daemon has the state directory; try again when it has ended."""
    CONFIGURATION = 78
    """The settings are wrong; another try is useless before they are mended."""


_BY_KIND = (
    (AlreadyRunningError, ExitCode.TEMPORARY),
    (BrokenSettingsError, ExitCode.CONFIGURATION),
    (InvalidInputError, ExitCode.USAGE),
    (IncompatibleDataError, ExitCode.DATA),
)


def exit_code_of(error: TriblerdError) -> ExitCode:
    """Return the status for a failure."""
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), ExitCode.FAILED)
