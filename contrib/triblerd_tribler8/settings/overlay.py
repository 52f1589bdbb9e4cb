"""What is said of the overlay network: lists of objects, of which the first address and port count."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from triblerd_tribler8.settings.keys import Known, Wanted, checked, refusal

IPV4 = "UDPIPv4"


class Interface(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the overlay listens."""

    interface: str
    ip: str
    port: Annotated[int, Meta(ge=0, le=65535)]
    worker_threads: Annotated[int, Meta(ge=1, le=1024)] | msgspec.UnsetType = msgspec.UNSET


class KeyFile(msgspec.Struct, frozen=True):
    """A key and its file."""

    alias: str
    generation: str
    file: str


class Interfaces(msgspec.Struct, frozen=True):
    """Where the overlay listens: the first one is where it does, the others are kept."""

    def show(self, path: str, known: Known) -> object:
        """Return the first as it is in force, and the others as they were set."""
        first, *others = known.kept.get(path) or [{"interface": IPV4}]
        ipv8 = known.values["ipv8"]
        return [{**first, "ip": ipv8["address"], "port": ipv8["port"]}, *others]

    def take(self, path: str, value: object, known: Known, wanted: Wanted) -> None:
        """Listen where the first one says."""
        del known
        listed = checked(path, value, list[Interface])
        if not listed or listed[0]["interface"] != IPV4:
            raise refusal(path, f"expected {IPV4} as the first interface")
        wanted.values.setdefault("ipv8", {}).update(address=listed[0]["ip"], port=listed[0]["port"])
        wanted.kept[path] = listed


def key_files(known: Known) -> list[KeyFile]:
    """Return the keys of this node."""
    names = known.values["trustchain"]
    return [
        KeyFile(alias, "curve25519", str(known.daemon.state_dir / names[key]))
        for alias, key in (("anonymous id", "ec_keypair_filename"), ("secondary", "secondary_key_filename"))
    ]


def overlays(known: Known) -> list[dict[str, Any]]:
    """Return the overlay in which peers are found, and who introduces this node to it."""
    servers = [server.rpartition(":")[::2] for server in known.values["ipv8"]["bootstrap"]]
    places = [[host, int(port)] for host, port in servers]
    named = [place for place in places if any(letter.isalpha() for letter in str(place[0]))]
    return [
        {
            "class": "DiscoveryCommunity",
            "key": "anonymous id",
            "walkers": [{"strategy": "RandomWalk", "peers": 20, "init": {"timeout": 3}}],
            "bootstrappers": [
                {
                    "class": "DispersyBootstrapper",
                    "init": {
                        "ip_addresses": [place for place in places if place not in named],
                        "dns_addresses": named,
                        "bootstrap_timeout": 30,
                    },
                }
            ],
            "initialize": {},
            "on_start": [],
        }
    ]
