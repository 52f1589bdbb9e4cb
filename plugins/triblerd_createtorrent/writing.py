"""Writes the torrent file of what was hashed (BEP 3, 5, 12, 19, 27, 47 and 52)."""

from typing import Any

from triblerd_createtorrent import merkle
from triblerd_createtorrent.api import TorrentRecipe
from triblerd_createtorrent.hashing import Hashes
from triblerd_createtorrent.layout import Entry, Layout
from triblerd_libtorrent.api import Bencodable, bencode


def torrent_file(recipe: TorrentRecipe, layout: Layout, hashes: Hashes) -> bytes:
    """Return the bencoded torrent file."""
    urls = [url for tier in recipe.tiers for url in tier]
    optional: dict[str, Bencodable] = {
        "announce": urls[0] if urls else "",
        "announce-list": recipe.tiers,
        "comment": recipe.comment,
        "created by": recipe.created_by,
        "nodes": recipe.nodes,
        "url-list": recipe.web_seeds,
    }
    content: dict[str, Bencodable] = {key: value for key, value in optional.items() if value}
    if recipe.creation_date is not None:
        content["creation date"] = recipe.creation_date
    content["info"] = _info(recipe, layout, hashes)
    if layout.has_v2:
        content["piece layers"] = {
            merkle.file_root(roots, layout.piece_length): b"".join(roots)
            for roots in hashes.v2.values()
            if len(roots) > 1
        }
    return bencode(content)


def _info(recipe: TorrentRecipe, layout: Layout, hashes: Hashes) -> dict[str, Bencodable]:
    info: dict[str, Bencodable] = {"name": recipe.name, "piece length": layout.piece_length}
    if recipe.is_private:
        info["private"] = 1
    if recipe.source_tag:
        info["source"] = recipe.source_tag
    if layout.has_v1:
        info["pieces"] = bytes(hashes.v1)
        if recipe.files[0].path:
            info["files"] = [_file(entry) for entry in layout.entries]
        else:
            info["length"] = layout.size
    if layout.has_v2:
        info["meta version"] = 2
        info["file tree"] = _tree(recipe.name, layout, hashes)
    return info


def _file(entry: Entry) -> dict[str, Bencodable]:
    if entry.file is None:
        return {"attr": "p", "length": entry.size, "path": [".pad", str(entry.size)]}
    return {"length": entry.size, "path": entry.file.path.split("/")}


def _tree(name: str, layout: Layout, hashes: Hashes) -> dict[str, Bencodable]:
    tree: dict[str, Any] = {}
    for entry in layout.files:
        assert entry.file is not None  # noqa: S101 - these are not the pad files
        folder = tree
        for part in (entry.file.path or name).split("/"):
            folder = folder.setdefault(part, {})
        folder[""] = {"length": entry.size}
        if roots := hashes.v2[entry.file.path]:
            folder[""]["pieces root"] = merkle.file_root(roots, layout.piece_length) if len(roots) > 1 else roots[0]
    return tree
