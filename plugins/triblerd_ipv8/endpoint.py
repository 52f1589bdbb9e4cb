"""The routes that show the overlays and who is known there."""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from msgspec import UNSET

from triblerd.errors import InvalidInputError, SwitchedOffError
from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_ipv8.answers import INCORRECT, Success, in_this_form, is_address, refusal
from triblerd_ipv8.schemas import (
    Acquaintance,
    CountedMessages,
    CountSwitch,
    KnownPeer,
    KnownPeerList,
    MessageRow,
    OverlayList,
    OverlayRow,
)

MOST_PORT = 65535


class OverlayViews(Protocol):
    """Shows overlays and peers."""

    @property
    def may_count(self) -> bool:
        """Whether the settings allow that messages are counted."""

    def overlays(self) -> Sequence[OverlayRow]:
        """Return all overlays."""

    def counted(self) -> Sequence[dict[str, dict[str, MessageRow]]]:
        """Return what was counted of each overlay."""

    def count(self, name: str | None, *, on: bool) -> None:
        """Count the messages of the overlays of a name, or of all, or forget what was counted."""

    def peers(self) -> dict[str, KnownPeer]:
        """Return all known peers by their ids."""

    def ask_exit(self, ip: str, port: int) -> None:
        """Ask somebody to be a peer of the tunnels.

        Raises:
            NotFoundError: there is no such overlay.
        """

    def ask_introducer(self, ip: str, port: int) -> None:
        """Ask somebody for introductions, now and whenever peers are missing."""


class OverlaysEndpoint(Endpoint):
    """The overlay network: which overlays there are, who is known, what went through them."""

    prefix = "/ipv8"

    def __init__(self, *, views: OverlayViews) -> None:
        self._views = views

    @route("GET", "/overlays")
    async def overlays(self) -> OverlayList:
        """List the overlays that this node takes part in."""
        return OverlayList(list(self._views.overlays()))

    @route("GET", "/overlays/statistics")
    async def counted_messages(self) -> CountedMessages:
        """Show what was sent and received, overlay by overlay and message by message, where that is counted."""
        return CountedMessages(list(self._views.counted()))

    @route(
        "POST",
        "/overlays/statistics",
        answers=Success,
        raises=(SwitchedOffError,),
        examples={"body": {"enable": True, "all": True}},
    )
    @in_this_form
    async def count_messages(self, body: Deferred[CountSwitch]) -> Success | web.Response:
        """Begin to count messages, or stop and forget. The setting `ipv8.statistics` has to allow it."""
        if not self._views.may_count:
            msg = "StatisticsEndpoint is not enabled."
            raise SwitchedOffError(msg)
        switch = body.value()
        if switch.enable is UNSET:
            return refusal("Parameter 'enable' is required")
        if switch.all is UNSET and switch.overlay_name is UNSET:
            return refusal("Parameter 'all' or 'overlay_name' is required", 412)
        if switch.all is True:
            self._views.count(None, on=switch.enable)
        elif switch.overlay_name is not UNSET:
            self._views.count(switch.overlay_name, on=switch.enable)
        return Success()

    @route("GET", "/network")
    async def known_peers(self) -> KnownPeerList:
        """Show every peer that is known, and the overlays that it takes part in."""
        return KnownPeerList(self._views.peers())

    @route(
        "POST",
        "/isolation",
        answers=Success,
        examples={"body": {"ip": "127.0.0.1", "port": 7759, "bootstrapnode": True}},
    )
    @in_this_form
    async def meet(self, body: Deferred[Acquaintance]) -> Success | web.Response:
        """Ask a node, until the next start: for introductions, or to be a peer of the tunnels."""
        given = body.value()
        if given.ip is UNSET or given.port is UNSET:
            return refusal("Parameters 'ip' and 'port' are required")
        if given.exitnode is UNSET and given.bootstrapnode is UNSET:
            return refusal("Parameter 'exitnode' or 'bootstrapnode' is required")
        if not is_address(given.ip) or not 0 < given.port <= MOST_PORT:
            raise InvalidInputError(INCORRECT)
        if given.exitnode is not UNSET:
            self._views.ask_exit(given.ip, given.port)
        else:
            self._views.ask_introducer(given.ip, given.port)
        return Success()
