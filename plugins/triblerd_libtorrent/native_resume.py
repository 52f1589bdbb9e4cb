"""Resume data of the engine's own form, made of what is known of a torrent that another program had.

The form is a bencoded dictionary (``file-version`` 2: ``pieces`` holds one bit for each piece). Nothing that a stranger
bencoded gets into it unseen.
"""

from collections.abc import Iterable
from typing import Any

import libtorrent as lt

from triblerd_libtorrent.known_progress import KnownProgress
from triblerd_libtorrent.values import MetainfoError

_MOST_TREES_BYTES = 64 * 1024 * 1024
_HASH = 32
_V1, _V2 = 20, 32


def encode_progress(known: KnownProgress) -> bytes:
    """Return resume data. CPU-bound.

    Raises:
        MetainfoError: the hash trees are none.
    """
    data: dict[bytes, Any] = {
        b"file-format": b"libtorrent resume file",
        b"file-version": 2,
        b"info-hash": known.infohash_v1 or bytes(_V1),
        b"info-hash2": known.infohash_v2 or bytes(_V2),
        b"save_path": _bytes(known.save_path),
        b"added_time": known.added_time,
        b"completed_time": known.completed_time,
        b"total_downloaded": known.total_downloaded,
        b"total_uploaded": known.total_uploaded,
        b"active_time": known.active_time,
        b"finished_time": known.finished_time,
        b"seeding_time": known.seeding_time,
        b"max_uploads": known.max_uploads,
        b"sequential_download": int(known.sequential),
        b"trackers": [[_bytes(url) for url in tier] for tier in known.trackers],
        b"url-list": [_bytes(url) for url in known.web_seeds],
    }
    if known.name:
        data[b"name"] = _bytes(known.name)
    if known.renamed_files:
        names = [b""] * (max(known.renamed_files) + 1)
        for index, path in known.renamed_files.items():
            names[index] = _bytes(path)
        data[b"mapped_files"] = names
    if known.have is not None and known.piece_count:
        data[b"pieces"] = known.have
    if known.trees:
        data[b"trees"] = list(_trees(known.trees))
    return bytes(lt.bencode(data))


def _trees(raw: bytes) -> Iterable[dict[bytes, bytes]]:
    if len(raw) > _MOST_TREES_BYTES:
        msg = "The hash trees are too large"
        raise MetainfoError(msg)
    try:
        trees: Any = lt.bdecode(raw)
    except RuntimeError as error:
        msg = f"The hash trees cannot be read: {error}"
        raise MetainfoError(msg) from error
    if not isinstance(trees, list):
        msg = "The hash trees are no list"
        raise MetainfoError(msg)
    return [_tree(tree) for tree in trees]


def _tree(tree: Any) -> dict[bytes, bytes]:
    known = (
        {key: tree[key] for key in (b"hashes", b"mask", b"verified") if key in tree} if isinstance(tree, dict) else {}
    )
    if not all(isinstance(value, bytes) for value in known.values()) or len(known.get(b"hashes", b"")) % _HASH:
        msg = "The hash trees are damaged"
        raise MetainfoError(msg)
    if any(set(known.get(key, b"")) - set(b"01") for key in (b"mask", b"verified")):
        msg = "The hash trees are damaged"
        raise MetainfoError(msg)
    return known


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
