"""What the area tells of directories and files."""

import os
from typing import Annotated

import msgspec
from msgspec import Meta


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A directory or a file."""

    name: Annotated[str, Meta(description="Its own name; `..` is the directory above")]
    path: Annotated[str, Meta(description="Its absolute path, links resolved")]
    dir: Annotated[bool, Meta(description="Whether it is a directory")]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a directory."""

    current: Annotated[str, Meta(description="Its absolute path, links resolved")]
    paths: Annotated[list[Row], Meta(description="The directory above, then directories, then files; by name")]
    separator: Annotated[str, Meta(description="What stands between the parts of a path")] = os.sep
    truncated: Annotated[bool, Meta(description="Whether there are more than 10,000")] = False
    left_out: Annotated[int, Meta(description="How many have names that are not UTF-8, which no request can name")] = 0


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file."""

    name: Annotated[str, Meta(description="Its own name")]
    path: Annotated[str, Meta(description="Its absolute path")]


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """The regular files in a directory."""

    paths: Annotated[list[FileRow], Meta(description="By directory and name, at most 10,000")]
    truncated: Annotated[bool, Meta(description="Whether there are more, or looking for more took too long")] = False
    left_out: Annotated[int, Meta(description="How many have names that are not UTF-8, which no request can name")] = 0


class MadeDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """A directory that exists now."""

    paths: Annotated[list[Row], Meta(description="The directory")]
