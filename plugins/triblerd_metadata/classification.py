"""What a torrent holds, told by the names of its files."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from triblerd_libtorrent.api import TorrentFile

UNKNOWN = "Unknown"
"""The category of a torrent whose files nobody has seen."""
OTHER = "Other"

_LARGE_VIDEO = 50 << 20
"""Bytes; what is shorter is a clip."""
_EXTENSIONS = {
    "Video": "3gp asf avi divx flv m2ts m4v mkv mov mp4 mpeg mpg mts ogm ogv rm rmvb ts vob webm wmv",
    "Audio": "aac aif aiff ape flac m4a m4b mka mp2 mp3 mpc oga ogg opus ra tak tta wav wma wv",
    "Document": "azw azw3 cbr cbz chm csv djvu doc docx epub htm html md mobi nfo odp ods odt pdf ppt pptx ps rtf tex "
    "txt xls xlsx",
    "Compressed": "7z ace apk ar arj bz2 cab deb dmg gz jar lz lzma pkg r00 rar rpm tar tbz2 tgz txz xz zip zst",
    "CD/DVD/BD": "bin ccd cue img iso mdf mds nrg toast wbfs",
    "Picture": "bmp cr2 gif heic jpeg jpg nef png psd raw svg tga tif tiff webp",
}
_CATEGORIES = {extension: category for category, text in _EXTENSIONS.items() for extension in text.split()}


def category_of(files: Iterable[TorrentFile]) -> str:
    """Return the category that most bytes of a torrent belong to."""
    sizes: Counter[str] = Counter()
    largest_video = 0
    for file in files:
        if file.is_pad:
            continue
        category = _CATEGORIES.get(PurePosixPath(file.path).suffix[1:].lower(), OTHER)
        sizes[category] += file.size
        if category == "Video":
            largest_video = max(largest_video, file.size)
    if not sizes:
        return UNKNOWN
    found = max(sizes, key=sizes.__getitem__)
    return "VideoClips" if found == "Video" and largest_video < _LARGE_VIDEO else found
