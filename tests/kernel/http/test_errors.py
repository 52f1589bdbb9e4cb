"""Every failure is answered in the documented form."""

import logging
import re

import pytest

from triblerd import errors
from triblerd.errors import TriblerdError
from triblerd.http.endpoint import Endpoint, route
from triblerd.http.errors import Form, answer_of


class StuckError(errors.OperationError):
    """It is stuck."""


class Failures(Endpoint):
    prefix = ""
    error: BaseException = StuckError("The engine is stuck")

    @route("GET", "/fail")
    async def fail(self) -> dict[str, str]:
        """Fail."""
        raise self.error

    @route("GET", "/api/fail")
    async def fail8(self) -> dict[str, str]:
        """Fail in the other dialect."""
        raise self.error


def handled(message, **more):
    return {"handled": True, **more, "message": message}


PLAIN = [
    (errors.InvalidInputError("no"), 400),
    (errors.UnauthorizedError("no"), 401),
    (errors.ForbiddenError("no"), 403),
    (errors.NotFoundError("no"), 404),
    (errors.ConflictError("no"), 409),
    (errors.TooManyAttemptsError("no", retry_after=3), 429),
    (errors.FailedError("no"), 500),
]
HANDLED = [(errors.TooSlowError("no"), 408), (errors.TooLargeError("no"), 413)]
CODED = [
    (StuckError("no"), 500, "StuckError: no"),
    (TriblerdError("no"), 500, "TriblerdError: no"),
    (errors.WrongStateError("no"), 409, "no"),
    (errors.NotProvidedError("no"), 501, "no"),
    (errors.UnavailableError("no"), 503, "no"),
]
"""Failures with their status, and what the dialect of version 8 says: it has a class for those within alone."""


@pytest.mark.parametrize(("error", "status"), PLAIN, ids=repr)
async def test_a_plain_failure_is_a_text(serve, error, status):
    endpoint = Failures()
    endpoint.error = error
    async with serve(endpoint) as served:
        answer, answer8 = await served.get("/fail"), await served.get("/api/fail")

    assert (answer.status, answer.json) == (status, {"error": "no"})
    assert (answer8.status, answer8.error) == (status, handled("no"))


@pytest.mark.parametrize(("error", "status"), HANDLED, ids=repr)
async def test_a_handled_failure_is_an_object(serve, error, status):
    endpoint = Failures()
    endpoint.error = error
    async with serve(endpoint) as served:
        answer, answer8 = await served.get("/fail"), await served.get("/api/fail")

    assert (answer.status, answer.error) == (status, handled("no"))
    assert (answer8.status, answer8.error) == (status, handled("no"))


@pytest.mark.parametrize(("error", "status", "text"), CODED, ids=repr)
async def test_a_failed_operation_names_its_class(serve, error, status, text):
    endpoint = Failures()
    endpoint.error = error
    async with serve(endpoint) as served:
        answer, answer8 = await served.get("/fail"), await served.get("/api/fail")

    assert (answer.status, answer.error) == (status, handled("no", code=error.code))
    assert (answer8.status, answer8.error) == (status, handled(text))


def test_every_kind_has_an_answer():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TriblerdError)]

    assert len(kinds) > 10
    assert all(400 <= answer_of(kind)[0] < 600 and answer_of(kind)[1] in Form for kind in kinds)


@pytest.mark.parametrize("error", [errors.UnavailableError("no", retry_after=7), PLAIN[5][0]], ids=repr)
async def test_whoever_shall_come_back_is_told_when(serve, error):
    endpoint = Failures()
    endpoint.error = error
    async with serve(endpoint) as served:
        answer = await served.get("/fail")

    assert answer.headers["Retry-After"] == str(round(error.retry_after))


@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError(), OSError(2, "two\nlines"), AssertionError()], ids=repr)
async def test_an_unforeseen_error_is_logged_once_and_reported_with_its_id(serve, caplog, error):
    endpoint = Failures()
    endpoint.error = error
    with caplog.at_level(logging.ERROR):
        async with serve(endpoint) as served:
            answer = await served.get("/fail")

    assert answer.status == 500
    assert (answer.error["handled"], answer.error["code"]) == (False, type(error).__name__)
    named = re.search(r"\(error ([0-9a-f]{8})\)$", answer.error["message"])
    assert named is not None
    error_id = named[1]
    assert served.unhandled == [(error, error_id)]
    assert "Traceback" not in answer.body.decode()
    assert "\n" not in answer.error["message"]
    [record] = caplog.records
    assert error_id in record.getMessage()
    assert record.exc_info[1] is error


async def test_an_unforeseen_error_of_the_other_dialect_has_no_code(serve):
    endpoint = Failures()
    endpoint.error = KeyError("x")
    async with serve(endpoint) as served:
        answer = await served.get("/api/fail")

    assert answer.error["handled"] is False
    assert "code" not in answer.error


async def test_a_text_that_is_no_text_is_answered_all_the_same(serve):
    endpoint = Failures()
    endpoint.error = errors.InvalidInputError("not \udcff good")
    async with serve(endpoint) as served:
        answer = await served.get("/fail")

    assert (answer.status, answer.error) == (400, "not ? good")


async def test_an_unknown_path_is_named(serve):
    async with serve(Failures()) as served:
        answer, answer8 = await served.get("/nix%20da"), await served.get("/api/nix")
        slash = await served.get("/fail/")

    assert (answer.status, answer.error) == (404, handled("Could not find /nix da"))
    assert (answer8.status, answer8.error) == (404, handled("Could not find /api/nix"))
    assert (slash.status, slash.error) == (404, handled("Could not find /fail/"))
