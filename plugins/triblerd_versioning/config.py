"""The section ``[versioning]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class VersioningConfig(Section):
    """Whether newer releases are looked for, and where."""

    update_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/]+.*)?$",
            description="Who knows the releases, in PyPI's JSON form, such as https://pypi.org/pypi/triblerd/json; "
            "empty asks nobody",
        ),
    ] = ""
    allow_pre: Annotated[bool, Meta(description="Tell of releases, too, that are not finished")] = False
