"""``dlcheckpoints/*.conf`` of both generations: one download each.

What the user wants stands in ``[download_defaults]`` alone: ``[state]`` may hold stale copies of it, and the flags of
the resume data are those of a shutdown.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath, PureWindowsPath

import msgspec

from triblerd_libtorrent.api import Bencoded, bdecode_dictionary
from triblerd_upgrader.foreign.layout import Layout, read_layout
from triblerd_upgrader.foreign.native import LARGEST, MOST_VALUES, NativeResume
from triblerd_upgrader.foreign.renames import renames
from triblerd_upgrader.foreign.tribler.ini import Sections, listed, parse_sections, unquoted
from triblerd_upgrader.foreign.values import ForeignDownload, Limit, NotTaken, SeedingLimit

FOLDER = "dlcheckpoints"

_NAME = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ONLY_IN_8 = frozenset({"stop_after_metainfo", "upload_limit", "download_limit", "auto_managed", "files"})
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NOTHING = b"de"
_NORMAL = 4
_SHA1_DIGITS = 40


class View:
    """The paths that a program had, and what of its downloads stands elsewhere.

    Args:
        base: Where relative paths begin.
        mapped: Turns an absolute path of the program's view into one of ours.
        labels: Of downloads, by their infohashes.
    """

    def __init__(
        self, base: PurePath, mapped: Callable[[str], str], labels: Mapping[bytes, tuple[str, ...]] | None = None
    ) -> None:
        self._base = base
        self._mapped = mapped
        self._labels = labels or {}

    def path(self, text: str) -> str:
        """Return a path of ours."""
        is_absolute = text.startswith(("/", "\\\\")) or PureWindowsPath(text).is_absolute()
        return self._mapped(text if is_absolute else str(self._base / text))

    def labels(self, *infohashes: bytes) -> tuple[str, ...]:
        """Return the labels of a download that has these infohashes, empty ones among them."""
        return next((self._labels[each] for each in infohashes if each and each in self._labels), ())


def read_checkpoints(folder: Path, view: View) -> Iterator[ForeignDownload | NotTaken]:
    """Yield what stands in the checkpoints of a directory, or why it cannot be used."""
    for path in sorted(folder.glob("*.conf")):
        origin = f"{folder.name}/{path.name}"
        try:
            checkpoint = Checkpoint(path)
            if checkpoint.is_internal:
                yield NotTaken(origin, "it is no download of the user, but one that Tribler made for itself")
                continue
            yield checkpoint.download(origin, view)
        except (OSError, ValueError, RecursionError) as error:
            yield NotTaken(origin, f"it is damaged: {error}")
            continue
        if checkpoint.damage:
            yield NotTaken(f"{origin}, what is complete", checkpoint.damage)


class Checkpoint:
    """One file.

    Args:
        path: The file, named by the infohash.

    Attributes:
        damage: Why nothing is known of the pieces that are there; empty when that is known, or there are none.

    Raises:
        ValueError: it is none, or is damaged beyond use.
    """

    def __init__(self, path: Path) -> None:
        if not _NAME.fullmatch(path.stem):
            msg = "its name is no infohash"
            raise ValueError(msg)
        self.damage = ""
        self._named = path.stem
        sections = _sections(path)
        self._wishes = sections["download_defaults"]
        state = sections.get("state", {})
        self._is_quoted = _ONLY_IN_8.isdisjoint(self._wishes) and "post_handle_ops" not in state
        self._resume = self._resume_of(state.get("engineresumedata", ""))
        self._kept: Mapping[bytes, Bencoded] = {}
        self._metainfo = self._metainfo_of(state.get("metainfo", ""))

    @property
    def is_internal(self) -> bool:
        """Whether it is no download of the user."""
        return self._flag("channel_download") or self._flag("bootstrap_download")

    @property
    def infohashes(self) -> tuple[bytes, bytes]:
        """Version 1 and version 2, as far as the file itself tells; one of them may be empty."""
        if self._resume is not None and (self._resume.infohash_v1 or self._resume.infohash_v2):
            return self._resume.infohash_v1, self._resume.infohash_v2
        named = bytes.fromhex(self._named)
        return (named, b"") if len(self._named) == _SHA1_DIGITS else (b"", named)

    def download(self, origin: str, view: View) -> ForeignDownload:
        """Return the download.

        Raises:
            ValueError: it cannot be told what it is, or where.
        """
        layout = read_layout(self._metainfo) if self._metainfo else None
        v1, v2 = (layout.infohash_v1, layout.infohash_v2) if layout else self.infohashes
        if self._named not in {v1.hex(), v2.hex(), v2.hex()[:_SHA1_DIGITS]}:
            msg = "what stands in it is of another torrent"
            raise ValueError(msg)
        if layout is None and not self._is_magnet():
            msg = self.damage or "it holds neither a torrent nor a link"
            raise ValueError(msg)
        resume = self._resume
        download = ForeignDownload(
            origin=origin,
            infohash_v1=v1,
            infohash_v2=v2,
            name=(layout.name if layout else resume.text(b"name") if resume else "") or self._text("name"),
            metainfo=self._metainfo,
            magnet="" if layout else _link(self._kept.get(b"url")),
            save_path=view.path(self._save_path()),
            renamed_files=renames(layout, resume.mapped_files) if resume and layout else {},
            completed_dir=view.path(self._text("completed_dir")) if self._text("completed_dir") else "",
            have=resume.have(layout.total_pieces) if resume and layout else None,
            trees=resume.trees if resume else b"",
            priorities=self._priorities(layout) if layout else (),
            stopped=self._flag("user_stopped"),
            auto_managed=self._flag("auto_managed"),
            added_time=self._number("time_added") or (resume.number(b"added_time") if resume else 0),
            download_limit=self._limit("download_limit"),
            upload_limit=self._limit("upload_limit"),
            trackers=resume.trackers if resume else layout.trackers if layout else (),
            web_seeds=resume.web_seeds if resume else layout.web_seeds if layout else (),
            ratio_limit=self._ratio(),
            labels=view.labels(v1, v2),
            hops=self._number("hops"),
            safe_seeding=self._flag("safe_seeding"),
            only_metadata=self._flag("stop_after_metainfo"),
        )
        if resume is None:
            return download
        return msgspec.structs.replace(download, **{name: resume.number(name.encode()) for name in _COUNTED})

    def _resume_of(self, encoded: str) -> NativeResume | None:
        try:
            raw = _decoded(encoded)
            return NativeResume(raw) if raw not in {b"", _NOTHING} else None
        except ValueError as error:
            self.damage = f"the resume data are damaged: {error}"
            return None

    def _metainfo_of(self, encoded: str) -> bytes:
        """Return the torrent file, of which version 8 keeps the resume data have the info dictionary."""
        if self._resume is not None and self._resume.info:
            return self._resume.torrent_file()
        raw = _decoded(encoded)
        if not raw:
            return b""
        self._kept, _ = bdecode_dictionary(raw, most_values=MOST_VALUES)
        return raw if b"info" in self._kept else b""

    def _is_magnet(self) -> bool:
        return b"infohash" in self._kept or self._resume is not None

    def _save_path(self) -> str:
        path = self._text("saveas") or (self._resume.text(b"save_path") if self._resume else "")
        if not path:
            msg = "it does not say where the files are"
            raise ValueError(msg)
        return path

    def _priorities(self, layout: Layout) -> tuple[int, ...]:
        chosen = self._wishes.get("files", self._wishes.get("selected_file_indexes", ""))
        wanted = {int(index) for index in listed(chosen)}
        if not wanted:
            return ()
        return tuple(_NORMAL if index in wanted and not file.is_pad else 0 for index, file in enumerate(layout.files))

    def _ratio(self) -> SeedingLimit:
        value = self._text("seeding_ratio")
        return float(value) if value else Limit.GLOBAL

    def _text(self, key: str) -> str:
        value = self._wishes.get(key, "")
        return unquoted(value) if self._is_quoted else value

    def _flag(self, key: str) -> bool:
        value = self._text(key).lower() or "false"
        if value not in _FLAGS:
            msg = f"{key} is neither true nor false"
            raise ValueError(msg)
        return _FLAGS[value]

    def _number(self, key: str) -> int:
        value = self._text(key) or "0"
        if not value.isascii() or not value.isdigit():
            msg = f"{key} is no number"
            raise ValueError(msg)
        return int(value)

    def _limit(self, key: str) -> int:
        value = int(self._text(key) or -1)
        return value if value > 0 else -1


_COUNTED = (
    "completed_time",
    "total_downloaded",
    "total_uploaded",
    "active_time",
    "finished_time",
    "seeding_time",
)


def _sections(path: Path) -> Sections:
    if path.stat().st_size > 2 * LARGEST:
        msg = "it is too large"
        raise ValueError(msg)
    sections = parse_sections(path.read_text("utf-8"))
    if "download_defaults" not in sections:
        msg = "it is no checkpoint, or ends too early"
        raise ValueError(msg)
    return sections


def _decoded(encoded: str) -> bytes:
    """Return what base64 stands for; its padding may be missing."""
    return base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), validate=True)


def _link(url: object) -> str:
    text = url.decode(errors="replace") if isinstance(url, bytes) else ""
    return text if text.startswith("magnet:") else ""
