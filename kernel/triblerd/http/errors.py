"""The one place that knows which status and which body belong to a failure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import web

from triblerd.errors import (
    ConflictError,
    FailedError,
    ForbiddenError,
    InvalidInputError,
    NotAcceptableError,
    NotFoundError,
    NotProvidedError,
    NotStartedError,
    OperationError,
    SwitchedOffError,
    TooLargeError,
    TooManyAttemptsError,
    TooSlowError,
    TriblerdError,
    UnauthorizedError,
    UnavailableError,
    UnknownPathError,
    UnsupportedError,
    WrongStateError,
)

JSON_HEADERS = {"Content-Type": "application/json"}
_FAILED = 500
LINE_LIMIT = 500
"""Characters of an unforeseen error's text that a client sees."""


TEXT_LIMIT = 8192
"""Characters of a foreseen failure's text, which may quote what a client sent: more than the longest path."""


class Form(StrEnum):
    """The shape of an error's body."""

    PLAIN = "plain"
    """``{"error": text}``."""
    HANDLED = "handled"
    """``{"error": {"handled": true, "message": text}}``."""
    CODED = "handled, with code"
    """``{"error": {"handled": true, "code": class, "message": text}}``."""


class WrongMethodError(TriblerdError):
    """The path has routes, but none with this method.

    Attributes:
        allow: The methods that the path has, as the ``Allow`` header wants them.
    """

    def __init__(self, allow: str) -> None:
        super().__init__("Method Not Allowed")
        self.allow = allow


_ANSWERS: Mapping[type[TriblerdError], tuple[int, Form]] = {
    InvalidInputError: (400, Form.PLAIN),
    UnauthorizedError: (401, Form.PLAIN),
    ForbiddenError: (403, Form.PLAIN),
    NotFoundError: (404, Form.PLAIN),
    UnknownPathError: (404, Form.HANDLED),
    WrongMethodError: (405, Form.HANDLED),
    NotAcceptableError: (406, Form.PLAIN),
    TooSlowError: (408, Form.HANDLED),
    WrongStateError: (409, Form.CODED),
    ConflictError: (409, Form.PLAIN),
    SwitchedOffError: (412, Form.PLAIN),
    TooLargeError: (413, Form.HANDLED),
    TooManyAttemptsError: (429, Form.PLAIN),
    FailedError: (500, Form.PLAIN),
    OperationError: (500, Form.CODED),
    NotProvidedError: (501, Form.CODED),
    UnsupportedError: (501, Form.PLAIN),
    UnavailableError: (503, Form.CODED),
    TriblerdError: (500, Form.CODED),
}


def answer_of(kind: type[TriblerdError]) -> tuple[int, Form]:
    """Return the status and the form that failures of this kind are answered with."""
    return next(_ANSWERS[base] for base in kind.__mro__ if base in _ANSWERS)


def is_dialect8(path: str) -> bool:
    """Return whether a path belongs to the dialect of version 8, whose errors have one shape of their own."""
    return path.startswith(("/api/", "/ui/")) or path in ("/api", "/ui")


def error_response(error: TriblerdError, path: str) -> web.Response:
    """Return the documented answer to a foreseen failure of a request for ``path``."""
    if isinstance(error, NotStartedError) and is_dialect8(path):
        error = UnknownPathError(f"Required components not initialized to serve {path}")
    status, form = answer_of(type(error))
    text = str(error)[:TEXT_LIMIT]
    if is_dialect8(path):
        # Version 8 names the class of what failed within. All else is a sentence that programs show as it stands.
        body = _object(text=f"{error.code}: {text}" if form is Form.CODED and status == _FAILED else text)
    elif form is Form.PLAIN:
        body = {"error": text}
    else:
        body = _object(text=text, code=error.code if form is Form.CODED else None)
    return _response(status, body, _headers(error))


def unforeseen_response(error: BaseException, error_id: str, path: str) -> web.Response:
    """Return the documented answer to an error that nobody foresaw: one line, and the id that the log has, too."""
    line = next(iter(str(error).splitlines()), "")[:LINE_LIMIT] or "no further information"
    code = None if is_dialect8(path) else type(error).__name__
    return _response(500, _object(text=f"{line} (error {error_id})", code=code, handled=False), {})


def _object(*, text: str, code: str | None = None, handled: bool = True) -> dict[str, Any]:
    named = {} if code is None else {"code": code}
    return {"error": {"handled": handled, **named, "message": text}}


def _headers(error: TriblerdError) -> dict[str, str]:
    if isinstance(error, WrongMethodError):
        return {"Allow": error.allow}
    if isinstance(error, (TooManyAttemptsError, UnavailableError)):
        return {"Retry-After": str(max(1, round(error.retry_after)))}
    return {}


def _response(status: int, body: dict[str, Any], headers: dict[str, str]) -> web.Response:
    try:
        encoded = msgspec.json.encode(body)
    except UnicodeEncodeError:  # a text made of a client's rubbish may hold lone surrogates
        encoded = msgspec.json.encode(_printable(body))
    return web.Response(status=status, body=encoded, headers={**JSON_HEADERS, **headers})


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
