"""From the bytes of a feed to its entries: RSS 0.9 to 2.0, Atom, and what indexers add to them.

An entry leads to a torrent by a link, an enclosure (RSS 2.0, Atom's ``rel="enclosure"``, Media RSS) or by the elements
and attributes of indexers: ``torrent:infoHash``, ``nyaa:infoHash``, ``torrent:magnetURI``, ``torznab:attr``. Those are
known by their names, whatever their prefix stands for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

import msgspec

from triblerd.errors import FailedError
from triblerd_rss.encodings import text_of
from triblerd_rss.fields import infohash_of, line_of, plain_text, size_of, time_of
from triblerd_rss.markup import End, Start, attributes_of, tokens

MOST_ITEMS = 1000
"""Of a longer feed the first ones are read: nearly every feed begins with the newest."""

_LONGEST_TITLE = 500
_LONGEST_NAME = 1000
_LONGEST_LINK = 8192
_LEAST_CONTENT = 1 << 20
_DEEPEST = 50
_MOST_LINKS = 20
_ITEMS = frozenset({"item", "entry"})
_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_TORRENT_TYPE = "bittorrent"
_TEXTS = {
    "title": ("title",),
    "name": ("guid", "id"),
    "link": ("link",),
    "infohash": ("infohash",),
    "magnet": ("magneturi", "magneturl", "magnet"),
    "size": ("contentlength", "size"),
    "date": ("pubdate", "published", "date", "updated"),
}
_FIELD_OF = {name: kind for kind, names in _TEXTS.items() for name in names}
_OF_TORRENT = frozenset({"infohash", "magnet", "size"})
_OTHER_TITLES = frozenset({"media", "itunes", "image"})


class NoFeedError(FailedError):
    """What a server sent is no feed."""

    def __init__(self) -> None:
        super().__init__("This is neither RSS nor Atom")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands in a feed.

    Attributes:
        name: What tells it from other entries of the feed, over all polls.
        title: In one line.
        link: The address of a page, or empty.
        torrent: Where the torrent file is, ``http:`` or ``https:``, or empty.
        magnet: A link, or empty.
        is_guess: Nothing says that there is a torrent file at ``torrent``; it is the page's address.
        infohash: 40 lower-case hex digits; empty while unknown.
        size: Bytes, 0 when unknown.
        published: Unix time, 0 when unknown.
    """

    name: str
    title: str = ""
    link: str = ""
    torrent: str = ""
    magnet: str = ""
    is_guess: bool = False
    infohash: str = ""
    size: int = 0
    published: int = 0


class FeedContent(msgspec.Struct, frozen=True):
    """What a feed says.

    Attributes:
        items: In the feed's order, each name once, at most a thousand.
    """

    title: str
    items: tuple[Item, ...]


def read_feed(body: bytes, url: str, charset: str = "") -> FeedContent:
    """Return what a feed says, as far as it can be read. Takes seconds for megabytes: for a thread.

    Args:
        body: As the server sent it.
        url: Where it came from; what relative addresses are relative to.
        charset: What the server says of its encoding, or empty.

    Raises:
        NoFeedError: it is none.
    """
    reader = _Reader()
    for _ in reader.items(text_of(body, charset)):
        if len(reader.found) == MOST_ITEMS:
            break
    if not reader.is_feed:
        raise NoFeedError
    items: dict[str, Item] = {}
    for found in reader.found:
        if (item := found.item(url)) is not None:
            items.setdefault(item.name, item)
    return FeedContent(line_of(reader.title, _LONGEST_TITLE), tuple(items.values()))


@dataclass
class _Found:
    """What was read of one entry so far."""

    texts: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    """Addresses of enclosures, with their types and lengths."""

    def take_text(self, kind: str, text: str) -> None:
        text = text.strip()[:_LONGEST_LINK]
        if not text:
            return
        if kind == "link":
            self.take_link(text)
        self.texts.setdefault(kind, text)

    def take_link(self, address: str) -> None:
        if len(self.links) < _MOST_LINKS:
            self.links.append(address)

    def take_file(self, address: str, kind: str, length: str) -> None:
        if len(self.files) < _MOST_LINKS:
            self.files.append((address, kind, length))

    def item(self, base: str) -> Item | None:
        """Return the entry, ``None`` when nothing tells it from others."""
        links = [*self.links, *(address for address, _, _ in self.files), self.texts.get("name", "")]
        magnet = self.texts.get("magnet") or next((link for link in links if _is_magnet(link)), "")
        torrent, is_sure = self._torrent(base)
        page = next((link for link in (_served(link, base) for link in self.links) if link), "")
        infohash = infohash_of(self.texts.get("infohash", ""))
        title = line_of(self.texts.get("title", ""), _LONGEST_TITLE)
        name = self.texts.get("name") or infohash or magnet or torrent or page or title
        if not name:
            return None
        return Item(
            name=name[:_LONGEST_NAME],
            title=title,
            link=page,
            torrent=torrent,
            magnet=magnet if _is_magnet(magnet) else "",
            is_guess=bool(torrent) and not is_sure,
            infohash=infohash,
            size=self._size(),
            published=time_of(self.texts.get("date", "")),
        )

    def _torrent(self, base: str) -> tuple[str, bool]:
        """Return where the torrent file is, and whether something says that it is one."""
        files = [(_served(address, base), kind) for address, kind, _ in self.files]
        links = [link for link in (_served(link, base) for link in self.links) if link]
        sure = [
            *(address for address, kind in files if address and _TORRENT_TYPE in kind),
            *(address for address in (*links, *(address for address, _ in files)) if _names_torrent(address)),
        ]
        if sure:
            return sure[0], True
        guesses = [*(address for address, kind in files if address and not kind), *links]
        return (guesses[0], False) if guesses else ("", False)

    def _size(self) -> int:
        if size := size_of(self.texts.get("size", "")):
            return size
        # By the letter it is the length of the torrent file; indexers give that of what is in the torrent.
        length = max((size_of(length) for _, kind, length in self.files if _TORRENT_TYPE in kind), default=0)
        return length if length >= _LEAST_CONTENT else 0


class _Reader:
    """Walks through a document, whose elements need not be closed.

    Attributes:
        found: The entries so far.
        is_feed: There was an element that feeds have.
    """

    def __init__(self) -> None:
        self.title = ""
        self.found: list[_Found] = []
        self.is_feed = False
        self._open: list[str] = []
        self._item: tuple[int, _Found] | None = None
        self._text: tuple[int, str, Callable[[str], str], list[str]] | None = None

    def items(self, text: str) -> Iterator[None]:
        """Read on; yields after each entry."""
        for token in tokens(text):
            if isinstance(token, str):
                if self._text is not None:
                    self._text[3].append(token)
            elif isinstance(token, End):
                if self._close(_local(token.name)):
                    yield
            elif self._begin(token):
                yield
        if self._close_all(0):
            yield

    def _begin(self, tag: Start) -> bool:
        name, ended = _local(tag.name), False
        self.is_feed = self.is_feed or name in _ROOTS
        if name in _ITEMS and self.is_feed:
            # An entry within an entry: the first one was not closed.
            ended = self._close_all(self._item[0]) if self._item else False
            self._item = len(self._open), _Found()
        if tag.is_empty:
            self._look(tag, name, len(self._open))
            return ended
        if len(self._open) < _DEEPEST:
            self._look(tag, name, len(self._open))
            self._open.append(name)
        return ended

    def _look(self, tag: Start, name: str, depth: int) -> None:
        """See what an element begins: a text that is wanted, or attributes that are."""
        if self._item is None:
            if name == "title" and not self.title and self._open[-1:] in (["channel"], ["feed"]):
                self._text = depth, "", str, []
            return
        if name in {"enclosure", "link", "content", "attr"} and tag.raw_attributes:
            self._attributes(name, {_local(key): value for key, value in attributes_of(tag.raw_attributes).items()})
        if self._text is None and not tag.is_empty and _is_field(tag.name, self._open[self._item[0] + 1 :]):
            is_html = name == "title" and attributes_of(tag.raw_attributes).get("type") == "html"
            self._text = depth, _FIELD_OF[name], plain_text if is_html else str, []

    def _attributes(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._item is None:
            return
        found = self._item[1]
        if name == "attr":  # torznab, newznab
            kind = _FIELD_OF.get(attributes.get("name", "").lower(), "")
            if kind in _OF_TORRENT:
                found.take_text(kind, attributes.get("value", ""))
            return
        address = (attributes.get("url") or attributes.get("href") or "").strip()[:_LONGEST_LINK]
        if not address:
            return
        if name == "link" and attributes.get("rel", "alternate") != "enclosure":
            if attributes.get("rel", "alternate") == "alternate":
                found.take_link(address)
            return
        length = attributes.get("length") or attributes.get("filesize") or ""
        found.take_file(address, attributes.get("type", "").lower(), length)

    def _close(self, name: str) -> bool:
        """Close an element, and those in it that were not closed; one that is not open is ignored."""
        if name not in self._open:
            return False
        at = len(self._open) - 1 - self._open[::-1].index(name)
        return self._close_all(at)

    def _close_all(self, depth: int) -> bool:
        """Close everything from a depth on; return whether that ended an entry."""
        del self._open[depth:]
        if self._text is not None and self._text[0] >= depth:
            _, kind, clean, parts = self._text
            text, self._text = clean("".join(parts)[:_LONGEST_LINK]), None
            if not kind:
                self.title = text
            elif self._item is not None:
                self._item[1].take_text(kind, text)
        if self._item is not None and self._item[0] >= depth:
            self.found.append(self._item[1])
            self._item = None
            return True
        return False


def _is_field(name: str, parents: list[str]) -> bool:
    """Return whether the text of an element of an entry is wanted.

    Args:
        name: With its prefix.
        parents: What it is in, within the entry.
    """
    prefix, kind = name.rpartition(":")[0].lower(), _FIELD_OF.get(_local(name))
    if parents == ["torrent"]:  # of ezRSS
        return kind in _OF_TORRENT
    return kind is not None and not parents and not (kind == "title" and prefix in _OTHER_TITLES)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _is_magnet(address: str) -> bool:
    return address[:7].lower() == "magnet:"


def _served(address: str, base: str) -> str:
    """Return the whole address of something that a server has; empty for anything else."""
    try:
        whole = urljoin(base, address.strip())
    except ValueError:
        return ""
    return whole if whole[:7].lower() == "http://" or whole[:8].lower() == "https://" else ""


def _names_torrent(address: str) -> bool:
    return address.partition("?")[0].partition("#")[0].lower().endswith(".torrent")
