"""Which of the releases that a package index lists is newer than ours (PEP 440; the JSON form of PyPI)."""

from collections.abc import Iterator

import msgspec
from packaging.version import InvalidVersion, Version


class _File(msgspec.Struct):
    yanked: bool = False


class _About(msgspec.Struct):
    version: str = ""
    yanked: bool = False


class _Project(msgspec.Struct):
    info: _About = msgspec.field(default_factory=_About)
    releases: dict[str, list[_File]] = {}


_decode = msgspec.json.Decoder(_Project).decode


def newer_release(content: bytes, present: str, *, allow_pre: bool) -> str:
    """Return the newest release that is newer than the present one, as the index spells it; empty for none.

    Args:
        content: What the index sent. Releases without files, or whose files were all withdrawn, do not count.
        present: Our version.
        allow_pre: Take releases, too, that are not finished.

    Raises:
        ValueError: it is no list of releases.
    """
    newest, spelled = Version(present), ""
    for text in _offered(_decode(content)):
        try:
            version = Version(text)
        except InvalidVersion:  # of times before there were rules
            continue
        if version > newest and (allow_pre or not version.is_prerelease):
            newest, spelled = version, text
    return spelled


def _offered(project: _Project) -> Iterator[str]:
    if not project.info.version and not project.releases:
        msg = "there are no releases in it"
        raise ValueError(msg)
    if project.info.version and not project.info.yanked:
        yield project.info.version
    for text, files in project.releases.items():
        if any(not file.yanked for file in files):
            yield text
