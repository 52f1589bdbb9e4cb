"""How the reference writes types: ``int``, ``text or null``, ``[text]``, ``0..3``."""

import types
import typing
from enum import Enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

WORDS = {
    str: "text",
    bool: "flag",
    int: "int",
    float: "float",
    bytes: "bytes",
    type(None): "null",
    msgspec.UnsetType: "absent",
    object: "any",
    Any: "any",
}


def type_name(annotation: Any) -> str:
    """Return a type in few words, its limits included."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Annotated:
        return type_name(arguments[0]) + "".join(limits(meta) for meta in arguments[1:] if isinstance(meta, Meta))
    if origin in (types.UnionType, typing.Union):
        return " or ".join(type_name(part) for part in arguments)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is not None and isinstance(origin, type):
        return container_name(origin, arguments)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    return WORDS.get(annotation) or str(getattr(annotation, "__name__", annotation))


def container_name(origin: type, arguments: tuple[Any, ...]) -> str:
    """Return the name of a list or a mapping."""
    if hasattr(origin, "keys"):
        return f"{{{type_name(arguments[0])}: {type_name(arguments[1])}}}"
    kinds = [argument for argument in arguments if argument is not Ellipsis]
    return f"[{', '.join(type_name(kind) for kind in kinds)}]"


def limits(meta: Meta) -> str:
    """Return the limits of a value: `` 0..3``, ``, empty``."""
    low, high = meta.ge if meta.ge is not None else meta.gt, meta.le if meta.le is not None else meta.lt
    if low is None and high is None:
        return ", empty" if (meta.extra_json_schema or {}).get("maxLength") == 0 else ""
    if high is None:
        return f" ≥ {low}"
    return f" ≤ {high}" if low is None else f" {low}..{high}"


def struct_of(annotation: Any) -> type[msgspec.Struct] | None:
    """Return the struct that an annotation names, if it names one."""
    if typing.get_origin(annotation) is Annotated:
        return struct_of(typing.get_args(annotation)[0])
    return annotation if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct) else None
