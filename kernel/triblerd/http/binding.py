"""Makes a handler's arguments of a request, and a response of what it returns. Compiled once per route."""

import re
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, TypeGuard

import msgspec
from aiohttp import hdrs, web

from triblerd.config import TRUE_WORDS, plain_types, spelled_out
from triblerd.errors import InvalidInputError
from triblerd.http.body import read_body
from triblerd.http.endpoint import Deferred, Endpoint, PathParameter, RawBody, Route, encode_json
from triblerd.http.negotiation import choose_media_type

BAD_JSON = "Bad JSON"
REASON_LIMIT = 300
"""Characters of a validation error's text; it may quote the input."""

Call = Callable[[web.Request, tuple[str, ...], float], Awaitable[web.StreamResponse]]
"""Answers a request: the request, the texts of the path's parameters, the time limit of the body in seconds."""
Decode = Callable[[bytes], Any]

_INTEGER = re.compile(r"[+-]?[0-9]+")


def bind(route: Route, endpoint: Endpoint) -> Call:
    """Return what answers requests for ``route`` with the methods of ``endpoint``."""
    handler = getattr(endpoint, route.name)
    answerers = {media_type: _answerer(media_type) for media_type in (route.media_type, *route.also)}
    parsers = [(name, _parser(name, kind)) for name, kind in route.parameters.items()]
    query = query_reader(route.query) if route.query else None
    body = _body_reader(route) if route.body is not None else None

    async def call(request: web.Request, texts: tuple[str, ...], body_seconds: float) -> web.StreamResponse:
        arguments: dict[str, Any] = {}
        if body:  # first of all: what it lacks is told whatever the path names
            arguments["body"] = body(await read_body(request, body_seconds))
        arguments |= {name: parse(text) for (name, parse), text in zip(parsers, texts, strict=True)}
        if query:
            arguments["query"] = query(request)
        if route.wants_request:
            arguments["request"] = request
        if not route.also:
            return answerers[route.media_type](await handler(**arguments))
        chosen = choose_media_type(",".join(request.headers.getall(hdrs.ACCEPT, ())), list(answerers))
        response = answerers[chosen](await handler(**arguments, media_type=chosen))
        response.headers[hdrs.VARY] = hdrs.ACCEPT
        return response

    return call


def query_reader(kind: type[msgspec.Struct]) -> Callable[[web.Request], Any]:
    """Return what makes a struct of a query string.

    Names that the struct does not have are ignored; of a name that comes twice the first value counts, unless the
    field is a list. ``1``, ``true``, ``yes``, ``on`` and their opposites are flags. Integers are as in a path.
    """
    fields = [(info.encode_name, _field_reader(info.encode_name, info.type)) for info in msgspec.structs.fields(kind)]

    def read(request: web.Request) -> Any:
        given = request.query
        values = {name: take(given.getall(name)) for name, take in fields if name in given} if given else {}
        try:
            return msgspec.convert(values, kind, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidInputError(_reason(str(error))) from error

    return read


def body_decoder(kind: Any, *, nothing: bytes = b"") -> Decode:
    """Return what makes a value of the type ``kind`` of a JSON body.

    Args:
        kind: What the body shall be.
        nothing: What an empty or blank body stands for.
    """
    decode = msgspec.json.Decoder(kind, strict=False).decode

    def read(raw: bytes) -> Any:
        try:
            return decode(raw if raw and not raw.isspace() else nothing)
        except msgspec.ValidationError as error:
            raise InvalidInputError(_reason(str(error))) from error
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise InvalidInputError(BAD_JSON) from error

    return read


def _reason(text: str) -> str:
    what, _, where = text.rpartition(" - at `")
    what, place = (what, where.rstrip("`").removeprefix("$").removeprefix(".")) if what else (text, "")
    if what.startswith("Object missing required field "):
        field = what.split("`")[1]
        return f"{place}.{field} parameter missing" if place else f"{field} parameter missing"
    if not place:
        return BAD_JSON
    what = what.replace("`", "")
    return f"{place}: {what[:1].lower()}{what[1:]}"[:REASON_LIMIT]


def is_path_parameter(kind: Any) -> TypeGuard[type[PathParameter]]:
    """Return whether the values of a type know how to stand in a path."""
    return isinstance(kind, type) and hasattr(kind, "parse") and hasattr(kind, "json_schema")


def _parser(name: str, kind: Any) -> Callable[[str], Any]:
    if is_path_parameter(kind):
        return kind.parse

    is_integer = int in plain_types(kind)

    def parse(text: str) -> Any:
        if is_integer:
            text = _digits(name, text)
        if "\0" in text:  # names nothing anywhere, and cuts a name short in many places
            msg = f"{name}: expected text without NUL"
            raise InvalidInputError(msg)
        try:
            return msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidInputError(_reason(f"{error} - at `$.{name}`")) from error

    return parse


def _digits(name: str, text: str, what: str = "int") -> str:
    """Return an integer's text without the sign that says nothing; 1.0 and 1e2 are numbers, but none.

    Raises:
        InvalidInputError: it is no integer.
    """
    if not _INTEGER.fullmatch(text):
        msg = f"{name}: expected {what}, got str"
        raise InvalidInputError(msg)
    return text.removeprefix("+")


def _field_reader(name: str, kind: Any) -> Callable[[list[str]], Any]:
    if {list, tuple, set, frozenset} & set(plain_types(kind)):
        return list
    if any((meta.extra or {}).get("flag") == "exact-one" for meta in _metas(kind)):
        return lambda texts: texts[0].lower() in TRUE_WORDS
    if bool in plain_types(kind):
        return lambda texts: spelled_out(bool, texts[0])
    if int in (kinds := plain_types(kind)) and not {str, float} & set(kinds):
        what = "int | null" if NoneType in kinds else "int"
        return lambda texts: texts[0] if texts[0].lower() == "null" else _digits(name, texts[0], what)
    return lambda texts: texts[0]


def _metas(kind: Any) -> Iterator[msgspec.Meta]:
    if typing.get_origin(kind) is Annotated:
        yield from (meta for meta in typing.get_args(kind)[1:] if isinstance(meta, msgspec.Meta))
        yield from _metas(typing.get_args(kind)[0])


def _body_reader(route: Route) -> Decode:
    if route.body is RawBody:
        return RawBody
    # Many programs cannot send a body with DELETE; elsewhere its absence is a mistake.
    decode = body_decoder(route.body, nothing=b"{}" if route.method == "DELETE" else b"")
    if route.deferred:
        return lambda raw: Deferred(lambda: decode(raw), raw)
    return decode


def _answerer(media_type: str) -> Callable[[Any], web.StreamResponse]:
    is_text = media_type.startswith("text/")
    headers: Mapping[str, str] = {
        "Content-Type": f"{media_type}; charset=utf-8" if is_text and "charset" not in media_type else media_type
    }

    def answer(result: Any) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        if isinstance(result, bytes):
            return web.Response(body=result, headers=headers)
        if is_text and isinstance(result, str):
            return web.Response(body=result.encode(), headers=headers)
        return web.Response(body=encode_json(result), headers=headers)

    return answer
