"""The unit and the container file speak of options, settings and statuses that there are."""

import re
import shlex
import subprocess
from configparser import ConfigParser

from tests.docs.paths import ROOT
from tests.docs.reference import areas
from triblerd.cli import cli
from triblerd.config import GeneralConfig, convert_setting, fields_of
from triblerd.exit_codes import ExitCode

DEPLOY = ROOT / "deploy"


def unit() -> dict[str, str]:
    """Return the keys of the unit's service section; of one that stands twice, the last value."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "triblerd.service")
    return dict(parser["Service"])


def test_the_unit_starts_the_daemon_with_options_that_it_has() -> None:
    program, *arguments = shlex.split(unit()["ExecStart"])

    context = cli.make_context(program, arguments, resilient_parsing=True)

    assert context.params["state_dir"] is not None
    assert context.args == []


def test_the_unit_gives_up_on_mistakes_that_another_try_cannot_mend() -> None:
    assert set(map(int, unit()["RestartPreventExitStatus"].split())) == {
        ExitCode.USAGE,
        ExitCode.DATA,
        ExitCode.CONFIGURATION,
    }


def test_the_unit_waits_longer_for_the_stop_than_the_daemon_does() -> None:
    assert float(unit()["TimeoutStopSec"]) > GeneralConfig().stop_timeout


def test_the_container_sets_settings_that_there_are() -> None:
    sections = {name: kind for area in areas() for name, kind in area.sections().items()}
    found = re.findall(r"TRIBLERD_(\w+?)__(\w+)=(\S+)", (DEPLOY / "Containerfile").read_text())

    for section, key, value in found:
        name = section.lower()
        convert_setting(name, fields_of(sections[name])[key.lower()], value)
    assert found


def test_ci_is_a_program_that_bash_understands() -> None:
    script = ROOT / ".ci/run"

    assert script.stat().st_mode & 0o111
    subprocess.run(["/bin/bash", "-n", script], check=True)
