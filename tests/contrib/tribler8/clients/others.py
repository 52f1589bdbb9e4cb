"""Programs of lesser reach: each sends something that the others do not."""

from urllib.parse import quote

from tests.contrib.tribler8.clients.wire import Program

WHOLE_IN_GO = ("speed_down", "speed_up", "size", "availability", "num_peers", "num_seeds", "time_added", "hops")


class ArrShim(Program):
    """tribler-arr-shim, in Go, at unprefixed paths: a number that shall be whole and has a point fails all."""

    @property
    def headers(self):
        """What the language's own client adds."""
        return {"X-Api-Key": self.key, "Accept-Encoding": "gzip", "User-Agent": "Go-http-client/1.1"}

    async def downloads(self, infohash=""):
        """Return the list."""
        query = f"?infohash={infohash}" if infohash else ""
        listed = (await self.send("GET", f"/downloads{query}"))["downloads"]
        for one in listed:
            assert all(type(one[name]) is int for name in WHOLE_IN_GO if name in one), one
        return listed

    async def files(self, infohash):
        """Return the names of a download's files."""
        return [file["name"] for file in (await self.send("GET", f"/downloads/{infohash}/files"))["files"]]

    async def remove(self, infohash, *, with_data):
        """Remove a download."""
        return (await self.send("DELETE", f"/downloads/{infohash}", {"remove_data": with_data}))["removed"]

    async def send_change(self, infohash, state):
        """Start or stop a download."""
        return await self.send("PATCH", f"/downloads/{infohash}", {"state": state})

    async def add(self, uri, destination):
        """Add a magnet link."""
        body = {"anon_hops": 0, "safe_seeding": True, "uri": uri, "destination": destination}
        return (await self.send("PUT", "/downloads", body))["infohash"]


class DotNet(Program):
    """Tribler-API-for-.NET: the key stands in the query, flags are numbers."""

    async def downloads(self, **flags):
        """Return the list; flags that are not set are sent all the same, and empty."""
        wanted = {"infohash": "", "get_peers": "", "get_pieces": "", "get_availability": ""} | flags
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        return (await self.send("GET", f"/api/downloads?{query}&key={self.key}"))["downloads"]

    async def add(self, raw):
        """Upload a torrent file."""
        path = f"/api/downloads?key={self.key}"
        return (await self.send("PUT", path, raw, Content_Type="applications/x-bittorrent"))["infohash"]

    async def remove(self, infohash, *, with_data):
        """Remove a download."""
        path = f"/api/downloads/{infohash}?key={self.key}"
        return await self.send("DELETE", path, {"remove_data": int(with_data)})

    async def limit_uploads(self, bytes_per_second):
        """Read all settings, change one of them, and send all of them back."""
        path = f"/api/settings?key={self.key}"
        read = (await self.send("GET", path))["settings"]
        read["libtorrent"]["max_upload_rate"] = bytes_per_second
        await self.send("POST", path, read)
        return (await self.send("GET", path))["settings"]["libtorrent"]["max_upload_rate"]

    async def set_state(self, infohash, state):
        """Start, stop or recheck a download."""
        return await self.send("PATCH", f"/api/downloads/{infohash}?key={self.key}", {"state": state})


class FirefoxAddOn(Program):
    """Adds what somebody clicks on; asks for details that no answer to that has."""

    async def add(self, uri, destination):
        """Add a magnet link and return the whole answer."""
        path = "/api/downloads?get_peers=false&get_pieces=false&get_files=true"
        body = {"anon_hops": 0, "safe_seeding": True, "destination": destination, "uri": uri}
        return await self.send("PUT", path, body, X_Api_Key=self.key, Content_Type="application/json")


class KodiAddOn(Program):
    """Shows states as they are named."""

    async def states(self):
        """Return the names of the states by infohash."""
        path = "/api/downloads?get_peers=1&get_pieces=1"
        listed = (await self.send("GET", path, X_Api_Key=self.key))["downloads"]
        return {one["infohash"]: one["status"] for one in listed if {"peers", "pieces"} <= one.keys()}


class WebInterface(Program):
    """The web interface: signed in by a cookie, as a page of the daemon's own."""

    @property
    def headers(self):
        """What its browser sends."""
        return {"Cookie": f"api_key={self.key}", "Origin": self.url, "Accept": "application/json, text/plain, */*"}

    async def downloads(self, infohash="", *, peers=0, pieces=0, availability=0):
        """Return the list as it is polled every five seconds."""
        query = f"infohash={infohash}&get_peers={peers}&get_pieces={pieces}&get_availability={availability}"
        return (await self.send("GET", f"/api/downloads?{query}"))["downloads"]

    async def upload(self, raw, **options):
        """Upload a torrent file."""
        query = "&".join(f"{name}={quote(value)}" for name, value in options.items())
        answer = await self.send("PUT", f"/api/downloads?{query}", raw, Content_Type="applications/x-bittorrent")
        return answer["infohash"]

    async def change(self, infohash, **change):
        """Change a download."""
        return await self.send("PATCH", f"/api/downloads/{infohash}", change, Content_Type="application/json")
