"""The group of all commands: those of the kernel, and those that plugins add when they are asked for."""

import os
from typing import Any, NoReturn, Protocol

import click

from triblerd.command_output import plain_text
from triblerd.errors import TriblerdError
from triblerd.exit_codes import ExitCode, exit_code_of

TRACEBACK_VARIABLE = "TRIBLERD_TRACEBACK"
"""Set, it lets an unforeseen error of the program come out with its traceback, for a report."""


_META = "triblerd.further_commands"


class FurtherCommands(Protocol):
    """The commands that plugins add."""

    faults: dict[str, str]

    def find(self, name: str) -> click.Command | None:
        """Return the command of that name."""

    def names(self) -> list[str]:
        """Return the names of all commands."""


class CommandGroup(click.Group):
    """Looks for a command in the kernel first, and then in the plugins that are enabled."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name; plugins are imported only for names that the kernel does not have."""
        return super().get_command(ctx, cmd_name) or _plugin_commands(ctx).find(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *_plugin_commands(ctx).names()})

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what comes below the help, and which plugins' commands are missing."""
        super().format_epilog(ctx, formatter)
        for note in _notes(ctx):
            formatter.write(f"\n{note}\n")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; without one, say which plugins' commands are missing."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError("\n".join([error.message, *_notes(ctx)]), ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; any failure ends with one sentence, never with a traceback."""
        try:
            return super().invoke(ctx)
        except TriblerdError as error:
            return _fail(ctx, str(error), exit_code_of(error))
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except OSError as error:
            return _fail(ctx, str(error), ExitCode.FAILED)
        except Exception as error:  # a border: the program
            if os.environ.get(TRACEBACK_VARIABLE):
                raise
            sentence = f"This is a mistake of the program, not yours: {type(error).__name__}: {error}"
            return _fail(ctx, f"{sentence}\nWith {TRACEBACK_VARIABLE}=1 it shows where.", ExitCode.FAILED)


def _fail(ctx: click.Context, sentence: str, code: ExitCode) -> NoReturn:
    click.echo("\n".join(map(plain_text, f"Error: {sentence}".splitlines())), err=True)
    ctx.exit(code)


def _notes(ctx: click.Context) -> list[str]:
    faults = _plugin_commands(ctx).faults
    return [f"The commands of the plugin {name} are missing: {fault}" for name, fault in faults.items()]


def _plugin_commands(ctx: click.Context) -> FurtherCommands:
    if _META not in ctx.meta:
        from triblerd.plugin_commands import PluginCommands  # noqa: PLC0415 - a third of a second

        ctx.meta[_META] = PluginCommands(ctx.params.get("state_dir"))
    found: FurtherCommands = ctx.meta[_META]
    return found
