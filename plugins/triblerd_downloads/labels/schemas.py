"""What ``/categories`` and ``/tags`` take and answer."""

import math
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.errors import InvalidInputError


class CategoryItem(msgspec.Struct, frozen=True, kw_only=True):
    """A category."""

    name: Annotated[str, Meta(description="Its name, which downloads carry as `category`")]
    save_path: Annotated[str, Meta(description="Absolute directory for its downloads; empty takes the default")]
    seeding_ratio: Annotated[
        float | None, Meta(description="Uploaded by downloaded at which its downloads stop; null is no such limit")
    ]
    seeding_time: Annotated[
        float | None, Meta(description="Seconds of seeding after which its downloads stop; null is no such limit")
    ]
    downloads: Annotated[int, Meta(description="How many downloads have it")]


class CategoryList(msgspec.Struct, frozen=True, kw_only=True):
    """All categories."""

    categories: Annotated[list[CategoryItem], Meta(description="By name")]


class CategoryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A category to be made, or what shall change of one."""

    save_path: Annotated[
        str | UnsetType | None, Meta(description="Absolute directory, made when it is needed; empty takes the default")
    ] = UNSET
    seeding_ratio: Annotated[
        float | UnsetType | None, Meta(description="Stop at this ratio of uploaded by downloaded; null for no limit")
    ] = UNSET
    seeding_time: Annotated[
        float | UnsetType | None, Meta(description="Stop after so many seconds of seeding; null for no limit")
    ] = UNSET

    def fields(self) -> dict[str, str | float | None]:
        """Return what the body names, by field.

        Raises:
            InvalidInputError: a limit is none.
        """
        found = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        for name in ("seeding_ratio", "seeding_time"):
            checked_limit(name, found.get(name))
        if "save_path" in found:
            found["save_path"] = found["save_path"] or ""
        return found


class CategoryRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """A category was removed."""

    removed: Annotated[bool, Meta(description="Always true")] = True
    name: Annotated[str, Meta(description="The category that was removed")]


class TagItem(msgspec.Struct, frozen=True, kw_only=True):
    """A tag."""

    name: Annotated[str, Meta(description="The tag itself")]
    downloads: Annotated[int, Meta(description="How many downloads have it")]


class TagList(msgspec.Struct, frozen=True, kw_only=True):
    """All tags that some download has."""

    tags: Annotated[list[TagItem], Meta(description="By name")]


def checked_limit(name: str, limit: float | None) -> float | None:
    """Return a share limit.

    Raises:
        InvalidInputError: it is negative or infinite.
    """
    if limit is not None and not 0 <= limit < math.inf:
        msg = f"{name} must be finite and not negative"
        raise InvalidInputError(msg)
    return limit
