"""Failures by kind: what went wrong, never how a protocol reports it.

A plugin subclasses the kind that fits and carries the facts as attributes. ``triblerd.http.errors`` is the only
place that knows which status and which body belong to a kind.
"""

from typing import ClassVar


class TriblerdError(Exception):
    """The root of every failure that this daemon foresees.

    The text of an error is shown to clients as it stands: one sentence that names the field or the thing, and what
    was wrong with it.
    """

    code: ClassVar[str] = "TriblerdError"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = cls.__name__


class InvalidInputError(TriblerdError):
    """The caller sent something that can never work."""


class UnauthorizedError(TriblerdError):
    """The caller did not say who it is, or said it wrongly."""


class ForbiddenError(TriblerdError):
    """The caller is known, and may not do this."""


class UnknownPathError(TriblerdError):
    """Nothing has this path: no route, and no file of a page."""


class NotFoundError(TriblerdError):
    """What the caller names does not exist."""


class ConflictError(TriblerdError):
    """What the caller wants contradicts the present state."""


class WrongStateError(ConflictError):
    """What the caller wants contradicts the present state, and the route's contract names the error by its code."""


class NotProvidedError(TriblerdError):
    """This installation lacks what would do it."""


class UnsupportedError(TriblerdError):
    """The route is one of the API's, and this daemon does not do what it is for."""


class NotAcceptableError(TriblerdError):
    """The caller wants the answer in a form that it cannot be had in."""


class SwitchedOffError(TriblerdError):
    """What would do it is turned off by a setting."""


class TooLargeError(TriblerdError):
    """The caller sent more than is accepted."""


class TooSlowError(TriblerdError):
    """The caller took too long to send its request."""


class TooManyAttemptsError(TriblerdError):
    """The caller failed to sign in too often.

    Attributes:
        retry_after: Seconds until the next attempt is looked at.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FailedError(TriblerdError):
    """A valid request failed for a reason outside of the daemon: a file, a server, a torrent."""


class IncompatibleDataError(FailedError):
    """What is stored was written by a newer release, or by another program. It was left as it is."""


class OperationError(TriblerdError):
    """A valid request failed inside of a component that works in principle: the engine refused, a time limit passed."""


class UnavailableError(TriblerdError):
    """What would answer is not up, for now.

    Attributes:
        retry_after: Seconds after which another attempt makes sense.
    """

    def __init__(self, message: str, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotStartedError(UnavailableError):
    """The plugin that would answer is turned off, or not up yet.

    Clients of the ``/api`` dialect get the answer that they know instead of the message.
    """

    code = "UnavailableError"
