"""The routes of ``/ipv8/attestation`` and ``/ipv8/identity``, whose overlays nobody brings along.

What is a list is empty; everything else says that the overlay is not there.
"""

from typing import Any

from aiohttp import web

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_ipv8.answers import INCORRECT, AbsentOverlayError, Success, in_this_form, refusal
from triblerd_ipv8.pseudonyms.schemas import (
    Attestation,
    NamedAttribute,
    Names,
    Outputs,
    PeerKeys,
    Requests,
    SchemaNames,
    Verification,
    WantedAttribute,
)

NO_ATTESTATION = "attestation or identity community not found"


class AttestationEndpoint(Endpoint):
    """Attestations, an overlay that this daemon does not have."""

    prefix = "/ipv8/attestation"

    @route("GET", "", answers=Success, raises=(NotFoundError,))
    async def attestations(self) -> web.Response:
        """Say that the overlay is not there."""
        return refusal(NO_ATTESTATION, 404, plain=True)

    @route("POST", "", answers=Success, raises=(NotFoundError,))
    async def change_attestations(self) -> web.Response:
        """Say that the overlay is not there."""
        return refusal(NO_ATTESTATION, 404, plain=True)


class IdentityEndpoint(Endpoint):
    """Pseudonyms, an overlay that this daemon does not have."""

    prefix = "/ipv8/identity"

    @route("GET", "")
    async def names(self) -> Names:
        """List the pseudonyms: none."""
        return Names([])

    @route("GET", "/{name}/schemas")
    async def schemas(self, name: str) -> SchemaNames:  # noqa: ARG002 - whose they would be
        """List the kinds of attestations: none."""
        return SchemaNames([])

    @route("GET", "/{name}/public_key", answers=Success)
    @in_this_form
    async def public_key(self, name: str) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        raise _absent()

    @route("GET", "/{name}/unload", answers=Success)
    @in_this_form
    async def unload(self, name: str) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        raise _absent()

    @route("GET", "/{name}/remove", answers=Success)
    @in_this_form
    async def remove(self, name: str) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        raise _absent()

    @route("GET", "/{name}/credentials")
    async def credentials(self, name: str) -> Names:  # noqa: ARG002
        """List the credentials: none."""
        return Names([])

    @route("GET", "/{name}/credentials/{subject_key}")
    async def credentials_of_peer(self, name: str, subject_key: str) -> Names:  # noqa: ARG002
        """List the credentials of a peer: none."""
        return Names([])

    @route("GET", "/{name}/peers")
    async def peers(self, name: str) -> PeerKeys:  # noqa: ARG002
        """List the peers: none."""
        return PeerKeys([])

    @route("PUT", "/{name}/allow/{verifier_key}", answers=Success)
    async def allow(self, name: str, verifier_key: str, body: Deferred[NamedAttribute]) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        return _refused(body)

    @route("PUT", "/{name}/disallow/{verifier_key}", answers=Success)
    async def disallow(self, name: str, verifier_key: str, body: Deferred[NamedAttribute]) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        return _refused(body)

    @route("PUT", "/{name}/request/{authority_key}", answers=Success)
    async def request_attestation(
        self,
        name: str,  # noqa: ARG002
        authority_key: str,  # noqa: ARG002
        body: Deferred[WantedAttribute],
    ) -> web.Response:
        """Say that the overlay is not there."""
        return _refused(body)

    @route("PUT", "/{name}/attest/{subject_key}", answers=Success)
    async def attest(self, name: str, subject_key: str, body: Deferred[Attestation]) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        return _refused(body)

    @route("PUT", "/{name}/verify/{subject_key}", answers=Success)
    async def verify(self, name: str, subject_key: str, body: Deferred[Verification]) -> web.Response:  # noqa: ARG002
        """Say that the overlay is not there."""
        return _refused(body)

    @route("GET", "/{name}/outstanding/attestations")
    async def outstanding_attestations(self, name: str) -> Requests:  # noqa: ARG002
        """List what others want to have attested: nothing."""
        return Requests([])

    @route("GET", "/{name}/outstanding/verifications")
    async def outstanding_verifications(self, name: str) -> Requests:  # noqa: ARG002
        """List what others want to verify: nothing."""
        return Requests([])

    @route("GET", "/{name}/verifications")
    async def verifications(self, name: str) -> Outputs:  # noqa: ARG002
        """List what was verified: nothing."""
        return Outputs([])


def _absent() -> AbsentOverlayError:
    return AbsentOverlayError("identity")


def _refused(body: Deferred[Any]) -> web.Response:
    """Say what is wrong with a body, or else that the overlay is not there."""
    try:
        body.value()
    except InvalidInputError:
        return refusal(INCORRECT, plain=True)
    return refusal(str(_absent()), 404)
