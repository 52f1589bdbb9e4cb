"""Gossip of which torrents are alive: what this daemon checked is told, what others say is heard."""

import random
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from triblerd_discovery.checked import CheckedTorrents
from triblerd_discovery.limits import Rates
from triblerd_discovery.link import Link, PeerId, Spawn
from triblerd_discovery.messages import (
    Health,
    HealthItem,
    HealthKind,
    HealthRequest,
    MalformedError,
    MessageNumber,
    TorrentsHealth,
    fitting,
)
from triblerd_discovery.queries import write_record_query
from triblerd_discovery.receiving import Receiver
from triblerd_discovery.requests import Question, Requests
from triblerd_metadata.api import GATHERING_SECONDS, MetadataStore

MOST_QUESTIONS = 10
"""For records of unknown torrents, after one message."""

_MOST_ASKED_PEERS = 5
_AGAIN_SECONDS = 600.0
_MOST_REMEMBERED = 5000
_CLOCK_TOLERANCE = 60


class Gossip:
    """Tells and asks peers every few seconds, answers them, and learns from what they tell.

    Args:
        draw: Draws peers.
        spawn: Starts background work.
        clock: Seconds that only go forward.
        now: Returns Unix time.
    """

    def __init__(  # noqa: PLR0913 - what it tells and hears by, by keyword
        self,
        *,
        link: Link,
        requests: Requests,
        receiver: Receiver,
        store: MetadataStore,
        checked: CheckedTorrents,
        draw: random.Random,
        spawn: Spawn,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._link = link
        self._requests = requests
        self._receiver = receiver
        self._store = store
        self._checked = checked
        self._draw = draw
        self._spawn = spawn
        self._clock = clock
        self._now = now
        self._messages = Rates(1, 2, clock=clock)  # a peer's own gossip and its answer may come together
        self._answers = Rates(1, 3, clock=clock)
        self._asked: OrderedDict[bytes, float] = OrderedDict()
        self.counts = Counter[str]()

    async def round(self) -> None:
        """Tell one peer, also that there is nothing to be told, and ask five."""
        peers = list(self._link.peers())
        if not peers:
            return
        told = Health(HealthKind.RANDOM, fitting(self._checked.at_random()))
        self._link.send(self._draw.choice(peers), MessageNumber.HEALTH, told.pack())
        for peer in self._draw.sample(peers, min(_MOST_ASKED_PEERS, len(peers))):
            self._link.send(peer, MessageNumber.HEALTH_REQUEST, HealthRequest(HealthKind.RANDOM).pack())

    def asked(self, peer: PeerId, kind: int) -> None:
        """Tell a peer that asks; other kinds than those that are known get no answer."""
        if kind not in tuple(HealthKind) or not self._answers.allow(peer):
            return
        items = self._checked.popular() if kind == HealthKind.POPULAR else self._checked.at_random()
        self._link.send(peer, MessageNumber.HEALTH, Health(kind, fitting(items)).pack())

    def asked_for_popular(self, peer: PeerId) -> None:
        """Tell a peer of version 7.13 that asks."""
        if self._answers.allow(peer):
            told = TorrentsHealth((), tuple(self._checked.popular()))
            self._link.send(peer, MessageNumber.TORRENTS_HEALTH, told.pack())

    def heard(self, peer: PeerId, items: Sequence[HealthItem]) -> None:
        """Learn from a peer, and ask it for the records of torrents that are unknown here."""
        if not self._messages.allow(peer):
            self.counts["dropped"] += 1
            return
        self.counts["heard"] += 1
        latest = self._now() + _CLOCK_TOLERANCE
        possible = [item for item in items if item.checked < latest]
        if possible:
            self._spawn("gossip", self._receiver.take_health(possible, within=GATHERING_SECONDS))
        self._ask_for(peer, [item for item in possible if not self._is_known(item)])

    def _is_known(self, item: HealthItem) -> bool:
        """Whether others know of this torrent, too: one that only the user knows is asked for as if he did not."""
        return any(not entry.is_own for entry in self._store.by_infohash(item.infohash))

    def _ask_for(self, peer: PeerId, unknown: Sequence[HealthItem]) -> None:
        fresh = [item for item in {item.infohash: item for item in unknown}.values() if self._is_fresh(item)]
        for item in fresh[:MOST_QUESTIONS]:
            if not self._receiver.has_room(peer):
                break
            query = write_record_query(item.infohash)
            if self._requests.ask(peer, query, 1, partial(self._answered, item)):
                self._note(item.infohash)

    def _answered(self, item: HealthItem, question: Question, data: bytes) -> None:
        self._spawn("record", self._take(item, question, data))

    async def _take(self, item: HealthItem, question: Question, data: bytes) -> None:
        try:
            await self._receiver.receive(question, data, wanted={item.infohash}, within=GATHERING_SECONDS)
        except MalformedError:
            return
        await self._receiver.take_health([item], within=GATHERING_SECONDS)

    def _is_fresh(self, item: HealthItem) -> bool:
        """Whether nobody was asked for this torrent a short time ago; maybe it is one that nobody can be told of."""
        return self._clock() >= self._asked.get(item.infohash, 0.0)

    def _note(self, infohash: bytes) -> None:
        self._asked[infohash] = self._clock() + _AGAIN_SECONDS
        self._asked.move_to_end(infohash)
        if len(self._asked) > _MOST_REMEMBERED:
            self._asked.popitem(last=False)
