"""The project's files agree with each other: packages, entry points, contracts, pins."""

import re
import tomllib
from configparser import ConfigParser

from tests.docs.paths import ROOT
from tests.docs.reference import areas

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = {
    path.parent.name: path.parent
    for root in ("kernel", "plugins", "contrib")
    for path in (ROOT / root).glob("*/__init__.py")
}
PLUGINS = PROJECT["project"]["entry-points"]["triblerd"]
EXTRAS = {name: needs for name, needs in PROJECT["project"]["optional-dependencies"].items() if name != "test"}
REQUIREMENTS = [*PROJECT["project"]["dependencies"], *(need for needs in EXTRAS.values() for need in needs)]


def contracts() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser


def lines(section: str, key: str) -> set[str]:
    return set(contracts()[f"importlinter{section}"][key].split("\n")) - {""}


def test_every_package_is_in_the_wheel() -> None:
    packaged = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert sorted(packaged) == sorted(str(path.relative_to(ROOT)) for path in PACKAGES.values())


def test_every_plugin_has_an_entry_point_of_its_name() -> None:
    assert {f"triblerd_{name}": f"triblerd_{name}.plugin" for name in PLUGINS} == {
        package: f"{package}.plugin" for package, path in PACKAGES.items() if path.parent.name == "plugins"
    }


def test_every_package_says_that_it_is_typed() -> None:
    assert [name for name, path in PACKAGES.items() if not (path / "py.typed").exists()] == []


def test_every_package_is_under_the_import_contracts() -> None:
    plugins = set(PACKAGES) - {"triblerd"}

    assert lines("", "root_packages") == set(PACKAGES)
    assert lines(":contract:kernel", "forbidden_modules") == plugins | {"libtorrent"}
    assert lines(":contract:plugins", "modules") == plugins
    assert lines(":contract:cycles", "ancestors") == set(PACKAGES)
    assert {line.split(".")[0] for line in lines(":contract:engine", "source_modules")} == plugins


def test_a_plugin_may_import_the_api_of_what_its_manifest_names_and_no_other() -> None:
    allowed = lines(":contract:plugins", "ignore_imports")

    manifests = [area.ask("triblerd_manifest") for area in areas() if area.name != "kernel"]
    required = {api_of(manifest.name, need) for manifest in manifests for need in manifest.requires}
    profits = {api_of(manifest.name, other) for manifest in manifests for other in manifest.after + manifest.finds}
    assert required <= allowed <= required | profits


def api_of(importer: str, imported: str) -> str:
    return f"triblerd_{importer}.** -> triblerd_{imported}.api"


def test_the_types_of_every_source_root_are_checked() -> None:
    command = re.search(r"mypy .*{posargs:(.*)}", (ROOT / "tox.ini").read_text())

    assert command is not None
    assert set(command[1].split()) >= {path.parent.name for path in PACKAGES.values()} | {"tests", "docs"}


def test_the_linter_is_pinned_to_one_version() -> None:
    tox = re.search(r"ruff==(\S+)", (ROOT / "tox.ini").read_text())
    hook = re.search(r"rev: v(\S+)", (ROOT / ".pre-commit-config.yaml").read_text())

    assert tox is not None
    assert hook is not None
    assert tox[1] == hook[1]


def test_every_dependency_has_a_reason() -> None:
    page = (ROOT / "docs/decisions/0013-dependencies.md").read_text()
    names = [re.split(r"[<>=!~]", requirement)[0] for requirement in REQUIREMENTS]

    assert sorted(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == sorted(names)


def test_the_oldest_versions_are_those_that_the_project_allows() -> None:
    allowed = [re.split(r"[>=]=", requirement) for requirement in REQUIREMENTS]
    pinned = re.findall(r"^(\S+)==(\S+)$", (ROOT / "tests/lowest.txt").read_text(), re.MULTILINE)

    assert {name: version + ".0" * (2 - version.count(".")) for name, version in allowed} == dict(pinned)


def test_the_tests_have_every_extra() -> None:
    tested = set(PROJECT["project"]["optional-dependencies"]["test"])

    assert {name: needs for name, needs in EXTRAS.items() if not tested.issuperset(needs)} == {}


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text()

    assert [page.name for page in sorted(folder.glob("0*.md")) if f"({page.name})" not in index] == []
