"""The section ``[tribler8]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class Tribler8Config(Section):
    """What concerns clients of version 8 alone."""

    ask_download_settings: Annotated[
        bool, Meta(description="Have web interfaces ask how to add what a command line or a browser hands over (`cli`)")
    ] = False
    sonarr_names: Annotated[
        bool,
        Meta(description="List downloads also with `allTimeRatio` and `timeAdded`, the names that Sonarr reads"),
    ] = True
    strict_agents: Annotated[
        tuple[str, ...],
        Meta(
            description="Programs, as `User-Agent` begins, that fail on the states `QUEUED` and `MOVING` and are told "
            "others"
        ),
    ] = ("Sonarr", "Radarr", "Whisparr")
    ui_directory: Annotated[
        str,
        Meta(
            pattern=r"^([/~].*)?$",
            description="Absolute directory with the files of a web interface, served at `/ui/` to everybody who can "
            "reach the API; empty for none",
        ),
    ] = ""
