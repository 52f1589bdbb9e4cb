"""Hands each message to whoever deals with it."""

import sys

from triblerd_discovery.answering import Answerer
from triblerd_discovery.gossip import Gossip
from triblerd_discovery.limits import Rates
from triblerd_discovery.link import Link, PeerId
from triblerd_discovery.messages import (
    Health,
    HealthRequest,
    MessageNumber,
    Select,
    SelectResponse,
    TorrentsHealth,
    VersionResponse,
)
from triblerd_discovery.requests import Requests


class Exchange:
    """What is done with messages.

    Args:
        with_gossip: Gossip is listened to, and answered.
        version: What is said to who asks for it; empty to say neither that nor the operating system.
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self, *, link: Link, answerer: Answerer, requests: Requests, gossip: Gossip, with_gossip: bool, version: str
    ) -> None:
        self._link = link
        self._answerer = answerer
        self._requests = requests
        self._gossip = gossip
        self._with_gossip = with_gossip
        self._version = VersionResponse(version, sys.platform if version else "")
        self._versions = Rates(0.1, 2)

    def received(self, peer: PeerId, number: MessageNumber, body: bytes) -> None:
        """Deal with a message.

        Raises:
            MalformedError: it is none.
        """
        match number:
            case MessageNumber.SELECT:
                self._answerer.asked(peer, Select.parse(body))
            case MessageNumber.SELECT_RESPONSE:
                response = SelectResponse.parse(body)
                self._requests.answered(peer, response.request_id, response.block)
            case MessageNumber.VERSION_REQUEST:
                if self._versions.allow(peer):
                    self._link.send(peer, MessageNumber.VERSION_RESPONSE, self._version.pack())
            case MessageNumber.VERSION_RESPONSE:  # nobody was asked
                pass
            case _ if self._with_gossip:
                _gossiped(self._gossip, peer, number, body)


def _gossiped(gossip: Gossip, peer: PeerId, number: MessageNumber, body: bytes) -> None:
    match number:
        case MessageNumber.HEALTH:
            gossip.heard(peer, Health.parse(body).items)
        case MessageNumber.HEALTH_REQUEST:
            gossip.asked(peer, HealthRequest.parse(body).kind)
        case MessageNumber.TORRENTS_HEALTH:
            told = TorrentsHealth.parse(body)
            gossip.heard(peer, (*told.popular, *told.random))
        case MessageNumber.POPULAR_REQUEST:
            gossip.asked_for_popular(peer)
