"""How clients with typed models read JSON: what does not fit a type makes them fail as a whole."""

from collections.abc import Callable, Mapping
from typing import Any

Read = Callable[[object], Any]


class UnreadableError(Exception):
    """The client fails."""


def integer(value: object) -> object:
    """Whole numbers, also as text; 10.0 is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise UnreadableError(value)
    return int(value)


def number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableError(value)
    return float(value)


def flag(value: object) -> object:
    if not isinstance(value, bool):
        raise UnreadableError(value)
    return value


def text(value: object) -> object:
    if not isinstance(value, str):
        raise UnreadableError(value)
    return value


def one_of(*words: str) -> Read:
    def read(value: object) -> object:
        if value not in words:
            raise UnreadableError(value)
        return value

    return read


def or_null(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def listed(item: Read) -> Read:
    def read(value: object) -> object:
        if not isinstance(value, list):
            raise UnreadableError(value)
        return [item(one) for one in value]

    return read


def model(**fields: Read) -> Read:
    """An object. Keys that the client does not know are passed over, and so are missing ones and null."""
    return model_of(fields)


def whole(**fields: Read) -> Read:
    """An object of which the client needs every key: it computes with them, and shows what comes of that."""

    def read(value: Any) -> object:
        if not isinstance(value, dict):
            raise UnreadableError(value)
        if missing := fields.keys() - value.keys():
            raise UnreadableError(value, missing)
        return {name: reader(value[name]) for name, reader in fields.items()}

    return read


def model_of(fields: Mapping[str, Read]) -> Read:
    def read(value: Any) -> object:
        if not isinstance(value, dict):
            raise UnreadableError(value)
        return {name: reader(value[name]) for name, reader in fields.items() if value.get(name) is not None}

    return read
