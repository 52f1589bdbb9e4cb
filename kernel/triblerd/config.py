"""What a configuration section is: one frozen struct, from which validation, documentation and defaults are made."""

import ipaddress
import os
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, dataclass_transform

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})

Secret = Annotated[str, Meta(extra={"secret": True})]
"""A setting that is never logged and never printed; ``triblerd config`` shows ``***``."""

Port = Annotated[int, Meta(ge=-1, le=65535)]
"""A TCP or UDP port; -1 and 0 leave the choice to the system."""

MOST = 2**63 - 1
"""No number is larger: TOML ends here, and so do the integers of most clients."""


@dataclass_transform(frozen_default=True)  # tells type checkers what msgspec does: subclasses are frozen, too
class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of ``triblerd.conf``.

    Every field has a default that is safe, and a ``Meta(description=...)`` with its unit: seconds, bytes, bytes per
    second. ``enabled`` is not a field of a plugin's own section; the kernel reads it.
    """

    repairs: ClassVar[bool] = False
    """Whether a wrong value is replaced by the key's default at start, with a report. Otherwise it turns the plugin
    off (``misconfigured``). True for the sections of the documented API only."""
    careful: ClassVar[Mapping[str, object]] = {}
    """Values that stand in for wrong ones where the key's default would do more than the user may have meant."""
    free_form: ClassVar[bool] = False
    """Whether the section takes keys that it does not declare."""

    @classmethod
    def empty(cls) -> Self:
        """Return the section with all defaults."""
        return cls()

    def objection(self, before: Self) -> str:  # noqa: ARG002 - for those that look at it
        """Say why nobody may change the section into this one; an empty text: they may.

        For what the types of the fields do not say. Asked when settings are changed, and never of what a file has at
        start: there it is for the plugin to live with.

        Args:
            before: The section as it is now, which a wrong value in the file may be part of.
        """
        return ""


class NoSettings(Section):
    """The section of a plugin that has no settings of its own."""


def fields_of(section: type[Section]) -> dict[str, msgspec.structs.FieldInfo]:
    """Return the fields of a section by name."""
    return {info.name: info for info in msgspec.structs.fields(section)}


def description_of(info: msgspec.structs.FieldInfo) -> str:
    """Return the sentence that describes a field, or an empty text."""
    return next((meta.description for meta in _metas(info.type) if meta.description), "")


def is_secret(info: msgspec.structs.FieldInfo) -> bool:
    """Return whether a field's value must not be shown."""
    return any((meta.extra or {}).get("secret") for meta in _metas(info.type))


def convert_setting(section: str, info: msgspec.structs.FieldInfo, value: object) -> object:
    """Return ``value`` as the type that the field wants; text may stand for numbers and flags.

    Raises:
        InvalidInputError: ``<section>.<key>: <reason>``.
    """
    try:
        setting: object = msgspec.convert(spelled_out(info.type, value), info.type, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(_refusal(f"{section}.{info.name}", info.type, value, error)) from error
    if isinstance(setting, (int, float)) and not -MOST <= setting <= MOST:  # not a number is within nothing
        msg = f"{section}.{info.name}: expected a finite number of at most 64 bits"
        raise InvalidInputError(msg)
    return setting


def _refusal(name: str, wanted: Any, value: object, error: msgspec.ValidationError) -> str:
    """Return ``<section>.<key>: <reason>``; of a table of tables ``<section>.<key>.<name>.<key>: <reason>``.

    What msgspec says of a table with names of the user's choice does not tell which of them it speaks of.
    """
    while typing.get_origin(wanted) is Annotated:
        wanted = typing.get_args(wanted)[0]
    if isinstance(value, Mapping) and typing.get_origin(wanted) is Mapping:
        _, kind = typing.get_args(wanted)
        for key, item in value.items():
            try:
                msgspec.convert(item, kind, strict=False)
            except msgspec.ValidationError as of_item:
                name, error = f"{name}.{key}", of_item
                break
    reason, _, place = str(error).partition(" - at `$.")
    if place:
        name = f"{name}.{place.rstrip('`')}"
    reason = reason.replace("`", "")
    return f"{name}: {reason[:1].lower()}{reason[1:]}"


def spelled_out(wanted: Any, value: object) -> object:
    """Return a flag for a word such as ``yes`` where ``wanted`` is a flag; any other value as it is."""
    if isinstance(value, str) and bool in plain_types(wanted):
        word = value.strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
    return value


def plain_types(annotation: Any) -> tuple[type, ...]:
    """Return the types of a union without ``Annotated`` and parameters: ``int | None`` gives int and NoneType."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return plain_types(typing.get_args(annotation)[0])
    if origin in (types.UnionType, typing.Union):
        return tuple(plain for part in typing.get_args(annotation) for plain in plain_types(part))
    return (origin or annotation,)


def to_plain(value: Any) -> Any:
    """Return a section, or a setting's value, as JSON values: a tuple becomes a list."""
    return msgspec.json.decode(msgspec.json.encode(value))


def default_from_environment(variable: str) -> Any:
    """Return a field whose default is the flag that an environment variable names; false without one."""
    return msgspec.field(default_factory=lambda: spelled_out(bool, os.environ.get(variable, "")) is True)


def section_schema(section: type[Section]) -> dict[str, object]:
    """Return the JSON Schema of a section, references resolved in place."""
    schema, components = msgspec.json.schema_components([section], ref_template="#/$defs/{name}")
    own = components.pop(section.__name__, schema[0])
    return {**own, "$defs": components} if components else own


def _metas(annotation: Any) -> list[Meta]:
    if typing.get_origin(annotation) is Annotated:
        inner, *metas = typing.get_args(annotation)
        return [*(meta for meta in reversed(metas) if isinstance(meta, Meta)), *_metas(inner)]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return [meta for part in typing.get_args(annotation) for meta in _metas(part)]
    return []


class ApiKey(Section):
    """A named key beside the main one."""

    key: Secret
    scope: Annotated[
        typing.Literal["read", "write", "admin"],
        Meta(description="What it allows: look, change, or also settings, plugins and shutdown"),
    ] = "read"


class ApiConfig(Section):
    """Where the API listens and who may use it."""

    repairs: ClassVar[bool] = True

    key: Annotated[Secret | None, Meta(description="The main key; an empty text turns authentication off")] = None
    keys: Annotated[
        Mapping[str, ApiKey], Meta(description="Further keys by name, each with a scope: read, write or admin")
    ] = {}
    http_enabled: Annotated[bool, Meta(description="Answer plain HTTP")] = True
    http_host: Annotated[str, Meta(description="Address to bind for HTTP")] = "127.0.0.1"
    http_port: Annotated[Port, Meta(description="Port for HTTP; -1 or 0 picks one")] = 20100
    https_enabled: Annotated[bool, Meta(description="Answer HTTPS")] = False
    https_host: Annotated[str, Meta(description="Address to bind for HTTPS")] = "127.0.0.1"
    https_port: Annotated[Port, Meta(description="Port for HTTPS; -1 or 0 picks one")] = -1
    https_certfile: Annotated[str, Meta(description="PEM file with key and chain, relative to the state directory")] = (
        ""
    )
    retry_port: Annotated[bool, Meta(description="When the port is taken, try the next nine")] = False
    base_path: Annotated[str, Meta(description="Path under which a proxy shows the API, such as /triblerd")] = ""
    authenticators: Annotated[
        tuple[str, ...], Meta(description="Plugins that may sign requests in by other means than a key")
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...], Meta(description="Further host names that are answered while no key is set")
    ] = ()
    failed_attempts: Annotated[
        int, Meta(ge=1, description="Wrong keys accepted from one address in a minute; then 429")
    ] = 60
    file_roots: Annotated[
        tuple[str, ...],
        Meta(description="Absolute directories that paths given by clients are confined to; empty is anywhere"),
    ] = ()
    body_timeout: Annotated[float, Meta(ge=1, description="Seconds that a client may take to send a body")] = 30.0

    def objection(self, before: Self) -> str:  # noqa: ARG002 - whatever was before
        """Refuse what the next start would."""
        return open_to_all(self)


class GeneralConfig(Section):
    """What concerns the daemon as a whole."""

    repairs: ClassVar[bool] = True

    version: Annotated[str, Meta(description="Version that last wrote the file")] = ""
    log_dir: Annotated[str, Meta(description="Directory of the log files, relative to the state directory")] = "log"
    log_level: Annotated[
        typing.Literal["debug", "info", "warning", "error"], Meta(description="Least level that is logged")
    ] = "info"
    log_format: Annotated[
        typing.Literal["text", "json"], Meta(description="One line of text, or one JSON object, per record")
    ] = "text"
    log_size: Annotated[int, Meta(ge=4096, description="Bytes of a log file before it is rotated")] = 8 * 1024 * 1024
    log_count: Annotated[int, Meta(ge=1, le=1000, description="Rotated log files that are kept")] = 4
    version_checker_enabled: Annotated[
        bool, Meta(description="Look for new releases, if versioning.update_url says where")
    ] = True
    testnet: Annotated[
        bool, Meta(description="Use a separate test network for everything; by default what TESTNET says")
    ] = default_from_environment("TESTNET")
    stop_timeout: Annotated[float, Meta(ge=1, le=300, description="Seconds that an ordered stop may take")] = 30.0


class StoreConfig(Section):
    """The store: one LMDB environment in the state directory."""

    map_size: Annotated[int, Meta(ge=16 << 20, description="Bytes of address space to reserve; it grows if needed")] = (
        1 << 40
    )
    backup_interval: Annotated[
        float, Meta(ge=0, description="Seconds between automatic backup copies; 0 turns them off")
    ] = 86400.0
    backups_kept: Annotated[int, Meta(ge=1, description="Automatic backup copies that are kept")] = 2


KERNEL_SECTIONS: Mapping[str, type[Section]] = {"general": GeneralConfig, "api": ApiConfig, "store": StoreConfig}


def is_loopback(text: str) -> bool:
    """Return whether an address is one of this machine alone."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def open_to_all(config: ApiConfig) -> str:
    """Say which setting would let others than this machine use the API without a key; an empty text: none."""
    for scheme in ("http", "https"):
        host = getattr(config, f"{scheme}_host")
        if not config.key and getattr(config, f"{scheme}_enabled") and not (host == "localhost" or is_loopback(host)):
            return f"api.{scheme}_host: {host or 'every address'} is not bound without a key; set api.key"
    return ""
