"""The forms of answers that this area has for itself."""

import base64
import binascii
import functools
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from triblerd.errors import FailedError, InvalidInputError, NotFoundError, SwitchedOffError
from triblerd.http.endpoint import Scope, encode_json, route

acting_route = partial(route, scope=Scope.WRITE)
"""Declares a ``GET`` that sends packets for a client: not for who may only look, and not for ``HEAD``."""
INCORRECT = "incorrect parameters"
ID_BYTES = 20

P = ParamSpec("P")
T = TypeVar("T")


class Success(msgspec.Struct, frozen=True):
    """It was done."""

    success: Annotated[bool, Meta(description="Always true")] = True


class AbsentOverlayError(NotFoundError):
    """The overlay that would know is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} community not found")


def refusal(text: str, status: int = 400, *, plain: bool = False) -> web.Response:
    """Return a failure as clients of this area know it.

    Args:
        text: What was wrong.
        status: Of HTTP; some failures come with 200.
        plain: Leave ``success`` out.
    """
    body: dict[str, object] = {"error": text} if plain else {"success": False, "error": text}
    return web.Response(status=status, body=encode_json(body), content_type="application/json")


def in_this_form(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | web.Response]]:
    """Have a handler's failures answered in this area's form."""

    @functools.wraps(handler)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T | web.Response:
        try:
            return await handler(*args, **kwargs)
        except InvalidInputError:
            return refusal(INCORRECT)
        except NotFoundError as error:
            return refusal(str(error), 404)
        except SwitchedOffError as error:
            return refusal(str(error), 412)

    return guarded


def in_plain_form(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | web.Response]]:
    """Have a handler's failures answered by their text alone, whichever dialect asks."""

    @functools.wraps(handler)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T | web.Response:
        try:
            return await handler(*args, **kwargs)
        except InvalidInputError as error:
            return refusal(str(error), plain=True)
        except NotFoundError as error:
            return refusal(str(error), 404, plain=True)
        except FailedError as error:
            return refusal(str(error), 500, plain=True)

    return guarded


def from_hex(text: str, size: int | None = None) -> bytes:
    """Return bytes written as hex digits of either case.

    Raises:
        InvalidInputError: they are none, or not of that size.
    """
    try:
        value = binascii.unhexlify(text)
    except ValueError as error:
        raise InvalidInputError(INCORRECT) from error
    if size is not None and len(value) != size:
        raise InvalidInputError(INCORRECT)
    return value


def is_address(text: str) -> bool:
    """Return whether a text is an address of IPv4."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


def to_base64(value: bytes) -> str:
    """Return bytes in standard base64."""
    return base64.b64encode(value).decode()
