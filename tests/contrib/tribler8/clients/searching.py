"""Programs that look for torrents."""

from urllib.parse import quote

from tests.contrib.tribler8.clients.typed import listed, number, or_null, text, whole
from tests.contrib.tribler8.clients.wire import Program

found = whole(
    infohash=text,
    name=text,
    size=number,
    category=text,
    num_seeders=number,
    num_leechers=number,
    trackers=or_null(listed(text)),
)
"""What becomes an item of a feed."""


class MetaFeeder(Program):
    """meta-feeder-tribler: makes feeds of what is known here, of what peers answer, and of what is in a torrent."""

    @property
    def headers(self):
        """What every call carries."""
        return {"X-Api-Key": self.key, "Content-Type": "application/json"}

    async def search(self, words, last=50):
        """Return what is known here."""
        path = f"/api/metadata/search/local?fts_text={quote(words)}&first=1&last={last}"
        return [found(one) for one in (await self.send("GET", path))["results"]]

    async def ask_peers(self, words):
        """Ask peers, and return what stands in each of their answers, and how many were asked."""
        answer = await self.send("PUT", f"/api/search/remote?fts_text={quote(words)}")
        return answer["request_uuid"], answer["peers"]

    async def look_into(self, uri):
        """Return what is in a torrent; the address stands in the body, since it fails in a query."""
        answer = await self.send("POST", "/api/torrentinfo/uri", {"uri": uri})
        return answer["name"], [(file["name"], file["size"]) for file in answer["files"]]


class TriblerGD(Program):
    """TriblerGD: a desktop client, whose engine sends no content type and reads dictionaries."""

    @property
    def headers(self):
        """What its engine adds."""
        return {"X-Api-Key": self.key, "User-Agent": "GodotEngine/4.2.1.stable (Linux)", "Accept": "*/*"}

    async def search(self, words):
        """Search by the name that version 7 had for the words, which version 8 has not: they go unseen."""
        path = f"/api/metadata/search/local?fts_text={quote(words)}&txt_filter={quote(words)}&first=1&last=50"
        return await self.send("GET", f"{path}&include_total=1&sort_by=num_seeders&sort_desc=true&hide_xxx=0")


class TriblerRs(Program):
    """tribler-rs: a command line at unprefixed paths."""

    @property
    def headers(self):
        """Its key alone."""
        return {"X-Api-Key": self.key}

    async def downloads(self):
        """Return name, size and progress of every download."""
        items = (await self.send("GET", "/downloads?get_pieces=0"))["downloads"]
        return [(item["name"], item["size"], item["progress"]) for item in items]

    async def completions(self, words):
        """Return how what was typed may go on."""
        return (await self.send("GET", f"/search/completions?q={quote(words)}"))["completions"]
