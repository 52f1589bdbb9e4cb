"""What the pages show works: the commands and their options exist, the routes exist, the settings are known."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from tests.docs.examples import Example, daemon_commands, examples, requests
from tests.docs.paths import ROOT
from tests.docs.reference import areas
from triblerd.cli import cli
from triblerd.client import ApiClient
from triblerd.config import convert_setting, fields_of
from triblerd.configuration import ENABLED

SHELL = examples("sh")
TOML = [example for example in examples("toml") if "[project]" not in example.text]
SECTIONS = {name: kind for area in areas() for name, kind in area.sections().items()}
PLUGINS = {area.name for area in areas() if area.name != "kernel"}
ROUTES = [route for area in areas() for endpoint in area.endpoints() for route in endpoint.routes]


@pytest.mark.parametrize("example", SHELL, ids=str)
def test_a_shell_accepts_the_example(example: Example) -> None:
    result = subprocess.run(["/bin/bash", "-n"], input=example.text, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("example", SHELL, ids=str)
def test_the_command_line_takes_the_commands_shown(example: Example, tmp_path: Path) -> None:
    for arguments in daemon_commands(example):
        context = cli.make_context("triblerd", list(arguments), resilient_parsing=True)
        context.obj = ApiClient(state_dir=tmp_path, url="", key=None)
        parse_commands(context, cli, [*context._protected_args, *context.args])


def parse_commands(parent: click.Context, group: click.Group, words: list[str]) -> None:
    if words:
        name, command, rest = group.resolve_command(parent, words)
        assert command is not None
        context = command.make_context(name, rest, parent=parent)
        if isinstance(command, click.Group):
            parse_commands(context, command, [*context._protected_args, *context.args])


@pytest.mark.parametrize("example", SHELL, ids=str)
def test_the_routes_asked_by_curl_exist(example: Example) -> None:
    for method, path in requests(example):
        patterns = [re.sub(r"{\w+}", "[^/]+", route.path) for route in ROUTES if route.method == method]
        assert any(re.fullmatch(pattern, path) for pattern in patterns), f"{method} {path}"


@pytest.mark.parametrize("example", TOML, ids=str)
def test_the_settings_shown_are_known_and_right(example: Example) -> None:
    for section, values in tomllib.loads(example.text).items():
        if example.page.is_relative_to(ROOT / "contrib"):
            assert values.keys() == {ENABLED}  # of a plugin that need not be there
            continue
        fields = fields_of(SECTIONS[section])
        for key, value in values.items():
            if not (key == ENABLED and section in PLUGINS):
                convert_setting(section, fields[key], value)


@pytest.mark.parametrize("example", examples("python"), ids=str)
def test_the_python_shown_is_python(example: Example) -> None:
    ast.parse(example.text)
