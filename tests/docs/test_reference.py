"""The reference is what the code says, and the code has something to say of everything."""

import inspect
import re
from pathlib import Path

import pytest

from tests.docs.paths import HELLO, ROOT
from tests.docs.reference import FOLDER, areas, generator, pages
from triblerd.config import description_of, fields_of

HOOKS = [
    (name, function)
    for area in areas()
    for module in area.hookspecs()
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if hasattr(function, "triblerd_spec")
]
ROUTES = [route for area in areas() for endpoint in area.endpoints() for route in endpoint.routes]


def python_files(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))


@pytest.mark.parametrize("name", sorted(generator().PAGES))
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run docs/reference/generate.py"


def test_each_hook_is_documented_with_its_signature() -> None:
    page = (FOLDER / "hooks.md").read_text()

    for name, function in HOOKS:
        assert f"### {name}\n" in page
        for parameter in inspect.signature(function).parameters:
            assert re.search(rf"def {name}\(.*\b{parameter}: ", page), f"{name}: {parameter}"


def test_each_hook_has_a_working_example() -> None:
    for name, function in HOOKS:
        assert "Example::" in (inspect.getdoc(function) or ""), name


def test_each_hook_is_tested() -> None:
    tests = python_files(ROOT / "tests") + python_files(HELLO)

    untested = [name for name, _ in HOOKS if not re.search(rf"def {name}\(", tests)]
    ours = python_files(ROOT / "plugins")

    assert [name for name in untested if not re.search(rf"def {name}\(", ours)] == []


def test_each_setting_is_described() -> None:
    missing = [
        f"{section}.{key}"
        for area in areas()
        for section, kind in area.sections().items()
        for key, field in fields_of(kind).items()
        if not description_of(field)
    ]

    assert missing == []


def test_each_route_says_what_it_does() -> None:
    assert [f"{route.method} {route.path}" for route in ROUTES if not route.summary.endswith(".")] == []
