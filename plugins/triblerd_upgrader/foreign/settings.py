"""The settings of another program, as far as ours has them."""

from collections.abc import Mapping

from triblerd.config import Section
from triblerd.errors import InvalidInputError
from triblerd.services import Configuration
from triblerd_upgrader.foreign.values import ForeignSettings, NotTaken

SECRETS = "secrets"
"""What a user has to say to have keys and passwords taken over."""
_OWN = frozenset({"api", "store", "logging"})
"""Sections that are about this daemon itself: a changed port or key would lock out whoever asked for the import."""
_NESTED = "libtorrent/download_defaults/"


class SettingsTaker:
    """Takes settings over.

    Args:
        configuration: Ours.
        is_running: The other program runs, and listens.
    """

    def __init__(self, configuration: Configuration, *, is_running: bool) -> None:
        self._configuration = configuration
        self._is_running = is_running

    def plan(
        self, foreign: ForeignSettings, *, with_secrets: bool
    ) -> tuple[dict[str, dict[str, object]], list[NotTaken]]:
        """Return the changes by section, and what there is no place for."""
        types = self._configuration.section_types()
        changes: dict[str, dict[str, object]] = {}
        not_taken: list[NotTaken] = []
        for name, value in foreign.values.items():
            self._place(name, value, types, changes, not_taken)
        for name, value in foreign.secrets.items():
            if with_secrets:
                self._place(name, value, types, changes, not_taken)
            else:
                not_taken.append(NotTaken(f"setting {name}", "a secret; it is taken over if `secrets` are included"))
        return changes, not_taken

    async def take(self, changes: Mapping[str, Mapping[str, object]]) -> list[NotTaken]:
        """Change our settings, all at once if that goes; return what cannot be changed."""
        try:
            await self._configuration.change(changes)
        except InvalidInputError:
            return await self._take_each(changes)
        return []

    async def _take_each(self, changes: Mapping[str, Mapping[str, object]]) -> list[NotTaken]:
        not_taken: list[NotTaken] = []
        for section, options in changes.items():
            for option, value in options.items():
                try:
                    await self._configuration.change({section: {option: value}})
                except InvalidInputError as error:
                    not_taken.append(NotTaken(f"setting {section}.{option}", str(error)))
        return not_taken

    def _place(
        self,
        name: str,
        value: object,
        types: Mapping[str, type[Section]],
        changes: dict[str, dict[str, object]],
        not_taken: list[NotTaken],
    ) -> None:
        section, option = _ours(name)
        reason = ""
        if section in _OWN:
            reason = "it is about the daemon itself"
        elif section not in types or option not in types[section].__struct_fields__:
            reason = "there is no such setting here"
        elif self._is_running and (section, option) == ("libtorrent", "port"):
            reason = "the other program listens there"
        if reason:
            not_taken.append(NotTaken(f"setting {name}", reason))
        else:
            changes.setdefault(section, {})[option] = value


def _ours(name: str) -> tuple[str, str]:
    if name.startswith(_NESTED):
        return "download_defaults", name.removeprefix(_NESTED)
    section, _, option = name.partition("/") if "/" in name else name.partition(".")
    return section, option
