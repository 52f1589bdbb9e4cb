"""Write the reference from the code: hooks, settings, routes, error codes, events.

python docs/reference/generate.py          # writes the pages beside this file
python docs/reference/generate.py --check  # writes nothing; status 1 when a page is not what the code says
"""

import difflib
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from type_names import struct_of, type_name

from triblerd import hookspecs
from triblerd.auth import OPEN_PREFIXES
from triblerd.config import KERNEL_SECTIONS, Section, description_of, fields_of, is_secret, to_plain
from triblerd.configuration import ENVIRONMENT_PREFIX
from triblerd.container import KernelContainer
from triblerd.errors import TriblerdError
from triblerd.events import KERNEL_EVENTS, Arguments, Event
from triblerd.http.endpoint import Endpoint, RawBody, Route
from triblerd.http.errors import answer_of
from triblerd.plugin_discovery import FoundPlugin, find_plugins

HERE = Path(__file__).parent
OURS = "triblerd"
COMMAND_LINE = "triblerd.client"
"""Its errors are no answers of the API."""
NOTE = "<!-- Written by docs/reference/generate.py from the code; edit the code. -->"

Lines = Iterator[str]


class Area:
    """What one plugin, or the kernel, declares."""

    def __init__(self, name: str, module: ModuleType | None) -> None:
        self.name = name
        self.package = module.__name__.partition(".")[0] if module else OURS
        self._module = module

    def ask(self, hook: str) -> Any:
        """Return what the plugin answers to a declaring hook, ``None`` when it does not have it."""
        return getattr(self._module, hook)() if hasattr(self._module, hook) else None

    def sections(self) -> dict[str, type[Section]]:
        """Return the sections of the settings file, the area's own first."""
        if self._module is None:
            return dict(KERNEL_SECTIONS)
        return {self.name: self.ask("triblerd_config") or Section, **(self.ask("triblerd_sections") or {})}

    def endpoints(self) -> list[type[Endpoint]]:
        """Return the endpoint classes."""
        if self._module is None:
            return [provider.cls for provider in KernelContainer.endpoints.args]
        return [*(self.ask("triblerd_endpoints") or ())]

    def events(self) -> list[type[Event]]:
        """Return the events that it may publish."""
        return list(KERNEL_EVENTS) if self._module is None else [*(self.ask("triblerd_events") or ())]

    def hookspecs(self) -> list[ModuleType]:
        """Return the modules of hooks that it calls."""
        if self._module is None:
            return [hookspecs]
        added: list[ModuleType] = []
        if hasattr(self._module, "triblerd_add_hookspecs"):
            self._module.triblerd_add_hookspecs(added.append)
        return added


def our_areas() -> list[Area]:
    """Return the kernel and the plugins of this distribution; others have documentation of their own."""
    ours: list[FoundPlugin] = [plugin for plugin in find_plugins() if plugin.origin == OURS]
    return [Area("kernel", None), *(Area(plugin.name, plugin.load()) for plugin in ours)]


# -- markdown ------------------------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Lines:
    """Yield a table, nothing when it has no rows."""
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if lines:
        yield f"| {' | '.join(header)} |"
        yield f"| {' | '.join('---' for _ in header)} |"
        for line in lines:
            yield f"| {' | '.join(line)} |"
        yield ""


def prose(docstring: str | None) -> Lines:
    """Yield a docstring as Markdown: literals, examples, and the sections of arguments and errors."""
    text = re.sub(r"``(.+?)``", r"`\1`", inspect.cleandoc(docstring or ""), flags=re.DOTALL)
    text = re.sub(r":\w+:`~?(.+?)`", r"`\1`", text)
    before, example, code = text.partition("Example::\n\n")
    for line in before.splitlines():
        if match := re.fullmatch(r"(Args|Raises|Returns|Attributes):", line):
            yield f"**{match[1]}**\n"
        else:
            yield re.sub(r"^    (\w+): ", r"- `\1`: ", line)
    yield ""
    if example:
        yield from ("```python", textwrap.dedent(code).strip(), "```", "")


def code(value: object) -> str:
    """Return a value as JSON in the type of code."""
    return f"`{msgspec.json.encode(value).decode()}`"


def words(text: str) -> str:
    """Return a docstring's first paragraph in one line."""
    return " ".join(next(prose_paragraphs(text), "").split())


def prose_paragraphs(text: str) -> Lines:
    """Yield the paragraphs of a docstring."""
    yield from "\n".join(prose(text)).split("\n\n")


# -- pages ---------------------------------------------------------------------------------------------------------


def hooks_page(areas: Sequence[Area]) -> Lines:
    """Yield the page of hooks."""
    yield "# Hooks\n"
    yield "What the kernel, or another plugin, calls in a plugin. Hooks are plain functions marked with `@hookimpl`.\n"
    for area in areas:
        for module in area.hookspecs():
            yield f"## Called by {'the kernel' if area.name == 'kernel' else f'the plugin `{area.name}`'}\n"
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if hasattr(function, "triblerd_spec"):
                    yield f"### {name}\n"
                    yield f"```python\ndef {name}{signature(function)}: ...\n```\n"
                    yield from prose(function.__doc__)


def signature(function: Callable[..., object]) -> str:
    """Return a signature with short names of types."""
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])", "", str(inspect.signature(function)))


def settings_page(areas: Sequence[Area]) -> Lines:
    """Yield the page of settings."""
    yield "# Settings\n"
    yield (
        "`triblerd.conf` in the state directory is TOML, one section after the other. The command line (`--set"
        f" section.key=value`) wins over the environment (`{ENVIRONMENT_PREFIX}<SECTION>__<KEY>`), which wins over the"
        " file. Durations are seconds, sizes bytes, rates bytes per second, unless a line says otherwise."
        " Every plugin's section also takes `enabled`.\n"
    )
    for area in areas:
        for name, kind in area.sections().items():
            yield f"## [{name}]\n"
            yield f"*{area.name}.* {words(kind.__doc__ or '') if kind is not Section else 'No settings of its own.'}\n"
            if kind.repairs:
                yield "A wrong value is replaced by the default at start; a copy is kept as `triblerd.conf.bad`.\n"
            defaults = to_plain(kind.empty())
            yield from table(
                ("key", "type", "default", "meaning"),
                (
                    (
                        f"`{key}`",
                        type_name(field.type),
                        "" if is_secret(field) else default_text(field, defaults[key]),
                        description_of(field),
                    )
                    for key, field in fields_of(kind).items()
                ),
            )


def default_text(field: msgspec.structs.FieldInfo, value: object) -> str:
    """Return a default; one that depends on the machine in the words of the function that finds it."""
    if inspect.isfunction(field.default_factory):
        return words(field.default_factory.__doc__ or "Return what the environment says.")[len("Return ") : -1]
    return code(value)


def routes_page(areas: Sequence[Area]) -> Lines:
    """Yield the page of routes."""
    yield "# Routes\n"
    yield (
        "Every route needs the API key (header `X-Api-Key`) unless it says otherwise; a key's scope is `read`, `write`"
        " or `admin`. A running daemon describes itself at `/docs`, with every nested type.\n"
    )
    for area in areas:
        endpoints = area.endpoints()
        if any(endpoint.routes for endpoint in endpoints):
            yield f"## {area.name}\n"
        for endpoint in endpoints:
            for route in sorted(endpoint.routes, key=lambda route: (route.path, route.method)):
                yield from route_lines(route)


def route_lines(route: Route) -> Lines:
    """Yield what there is to say of one route."""
    yield f"### {route.method} {route.path}\n"
    is_open = any(f"{route.path}/".startswith(f"{prefix}/") for prefix in OPEN_PREFIXES)
    yield f"{route.summary} *{'Needs no key' if is_open else f'Scope: {route.scope}'}.*\n"
    yield from prose(route.description)
    yield from fields("In the path", [(name, kind, True, "") for name, kind in route.parameters.items()])
    if route.query:
        yield from fields("In the query", struct_fields(route.query))
    if route.body is RawBody:
        yield f"The body is raw: `{route.consumes}`.\n"
    elif struct := struct_of(route.body):
        yield from fields("In the body", struct_fields(struct))
    if struct := struct_of(route.answers):
        yield from fields("In the answer", struct_fields(struct), required=False)
    elif route.media_type != "application/json":
        yield f"The answer is `{route.media_type}`{', an open stream' if route.streams else ''}.\n"
    if route.raises:
        yield f"Errors of its own: {', '.join(f'`{error.code}`' for error in route.raises)}.\n"


Field = tuple[str, object, bool, str]


def struct_fields(struct: type[msgspec.Struct]) -> list[Field]:
    """Return name, type, whether it is required, and meaning of each field."""
    return [
        (field.encode_name, field.type, field.required, description_of(field))
        for field in msgspec.structs.fields(struct)
    ]


def fields(title: str, found: Sequence[Field], *, required: bool = True) -> Lines:
    """Yield a table of fields."""
    mark = {True: " (required)" if required else "", False: ""}
    yield from table(
        (title, "type", "meaning"),
        ((f"`{name}`{mark[needed]}", type_name(kind), meaning) for name, kind, needed, meaning in found),
    )


def errors_page(areas: Sequence[Area]) -> Lines:
    """Yield the page of errors."""
    yield "# Errors\n"
    yield (
        'Failures are classes, by kind; a kind decides the status and the form of the answer. *plain* is `{"error":'
        ' "text"}`, *handled* is `{"error": {"handled": true, "message": "text"}}`, with the class as `"code"` where it'
        ' says so. What nobody foresaw is answered with status 500, `"handled": false`, the class as `"code"`, and a'
        " message of one line that ends with an id; the log has the rest under that id. Below `/api` all are *handled*;"
        " there the class stands before the message where the status is 500 and the table says *with code*.\n"
    )
    yield from table(
        ("code", "kind", "status", "form", "meaning"),
        (
            (f"`{kind.code}`", kind_of(kind), *map(str, answer_of(kind)), words(kind.__doc__ or ""))
            for kind in sorted(errors_of(areas), key=lambda kind: (answer_of(kind)[0], kind.code, kind.__name__))
        ),
    )


def kind_of(error: type[TriblerdError]) -> str:
    """Return the kind that an error of a plugin is of; nothing for a kind itself."""
    kind = next(base for base in error.__mro__ if base.__module__ == TriblerdError.__module__)
    return "" if kind is error else f"`{kind.__name__}`"


def errors_of(areas: Sequence[Area]) -> set[type[TriblerdError]]:
    """Return every error that some module of these areas defines."""
    packages = {area.package for area in areas}
    for package in packages:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
    return {
        kind
        for kind in subclasses(TriblerdError)
        if kind.__module__.partition(".")[0] in packages and kind.__module__ != COMMAND_LINE
    }


def subclasses(kind: type[TriblerdError]) -> Iterator[type[TriblerdError]]:
    """Yield every error below ``kind`` that some loaded module defines."""
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def events_page(areas: Sequence[Area]) -> Lines:
    """Yield the page of events."""
    yield "# Events\n"
    yield (
        "What happens, as it is told on `GET /events` and to plugins. Arguments stand in `kwargs` by name, or, where it"
        " says *positional*, as the only element of `args`. Those that are *for plugins* are not sent to clients.\n"
    )
    travels = {Arguments.KEYWORDS: "", Arguments.POSITIONAL: "*Positional.* ", Arguments.HIDDEN: "*For plugins.* "}
    for area in areas:
        for event in sorted(area.events(), key=lambda event: event.topic):
            yield f"## {event.topic}\n"
            yield f"*{area.name}.* {travels[event.arguments]}{words(event.__doc__ or '')}\n"
            yield from fields("argument", struct_fields(event), required=False)
            if event.unshown:
                yield f"Not on `/events`: {', '.join(f'`{name}`' for name in sorted(event.unshown))}.\n"


PAGES = {
    "hooks.md": hooks_page,
    "settings.md": settings_page,
    "routes.md": routes_page,
    "errors.md": errors_page,
    "events.md": events_page,
}


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    areas = our_areas()
    texts = {name: "\n".join([NOTE, "", *page(areas)]) for name, page in PAGES.items()}
    return {name: re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n" for name, text in texts.items()}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or compare them."""
    stale = False
    for name, text in pages().items():
        path = HERE / name
        if "--check" not in arguments:
            path.write_text(text)
            continue
        present = path.read_text() if path.exists() else ""
        difference = difflib.unified_diff(present.splitlines(), text.splitlines(), name, "the code", lineterm="", n=0)
        for line in difference:
            stale = True
            print(line)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
