"""Searches at peers: some are asked at random, and what they answer is stored and told."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable
from functools import partial

import msgspec
from msgspec import UNSET

from triblerd.events import Event
from triblerd_discovery.api import PeerResults, RemoteQueryEnded, RemoteQueryResults
from triblerd_discovery.link import Link, PeerId, Spawn
from triblerd_discovery.messages import MalformedError
from triblerd_discovery.queries import write_query
from triblerd_discovery.receiving import Receiver
from triblerd_discovery.requests import ANSWER_SECONDS, Question, Requests
from triblerd_metadata.api import Lists, Order, Selection, TorrentItem, Window
from triblerd_search.api import AskedPeers

QUIET_SECONDS = 1.0
"""When all peers have answered and nothing has come for that long, it is over: no packet says that it is the last."""

_WITHIN_SECONDS = 0.1
"""Somebody waits for these records, but those of several peers may well be stored together."""


class RemoteSearches:
    """Asks peers: the service ``RemoteSearch``.

    Args:
        most_peers: Who are asked, of one search.
        draw: Draws them.
        publish: Tells of answers.
        spawn: Starts background work.
    """

    def __init__(  # noqa: PLR0913 - whom it asks, and what it does with answers, by keyword
        self,
        *,
        link: Link,
        requests: Requests,
        receiver: Receiver,
        lists: Lists,
        most_peers: int,
        draw: random.Random,
        publish: Callable[[Event], None],
        spawn: Spawn,
    ) -> None:
        self._link = link
        self._requests = requests
        self._receiver = receiver
        self._lists = lists
        self._most_peers = most_peers
        self._draw = draw
        self._publish = publish
        self._spawn = spawn

    def ask(self, selection: Selection, order: Order, window: Window) -> AskedPeers:
        """Ask peers, and return at once; see ``RemoteSearch``."""
        query = write_query(selection, order, window)
        if query is None:
            return AskedPeers(request_uuid=str(uuid.uuid4()), peers=())
        search = _Search(str(uuid.uuid4()), msgspec.json.decode(query).get("txt_filter"))
        known = self._link.peers()
        for peer in self._draw.sample(known, min(self._most_peers, len(known))):
            if self._requests.ask(peer, query, window.count, partial(self._heard, search)):
                search.asked.append(peer)
        if search.asked:
            self._spawn("search", self._end(search))
        return AskedPeers(request_uuid=search.uuid, peers=tuple(search.asked))

    def _heard(self, search: "_Search", question: Question, data: bytes) -> None:
        search.answered.add(question.peer)
        search.unfinished += 1
        search.changed.set()
        self._spawn("answer-to-search", self._take(search, question, data))

    async def _take(self, search: "_Search", question: Question, data: bytes) -> None:
        try:
            items = await self._stored(question, data)
        except MalformedError:
            return
        finally:
            search.unfinished -= 1
            search.changed.set()
        answer = PeerResults(results=items, uuid=search.uuid, peer=question.peer.hex())
        self._publish(RemoteQueryResults(answer=answer, query=search.text))

    async def _stored(self, question: Question, data: bytes) -> list[TorrentItem]:
        entries = await self._receiver.receive(question, data, within=_WITHIN_SECONDS)
        items = self._lists.items(entry.rowid for entry in entries)
        return [msgspec.structs.replace(item, statements=UNSET) for item in items if isinstance(item, TorrentItem)]

    async def _end(self, search: "_Search") -> None:
        """Wait for all answers, and say that it is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + ANSWER_SECONDS
        while (now := loop.time()) < end or search.unfinished:
            has_all = len(search.answered) == len(search.asked)
            until = min(end, now + QUIET_SECONDS) if has_all else end
            search.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if search.unfinished else until):
                    await search.changed.wait()
                continue
            if has_all:
                break
        self._publish(RemoteQueryEnded(uuid=search.uuid, answered=len(search.answered), asked=len(search.asked)))


class _Search:
    """A search that goes on."""

    def __init__(self, name: str, text: str | None) -> None:
        self.uuid = name
        self.text = text
        self.asked: list[PeerId] = []
        self.answered: set[PeerId] = set()
        self.unfinished = 0
        self.changed = asyncio.Event()
