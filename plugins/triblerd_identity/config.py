"""The ``[trustchain]`` section, whose name is that of the ledger that the key was first made for."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section, default_from_environment

FileName = Annotated[str, Meta(pattern=r"^[^/\\\x00]+\.pem\Z")]
"""No path, and no file of another kind: what is in the way of a key is put aside."""


class TrustchainConfig(Section):
    """Key files in the state directory; their names end with ``.pem``."""

    repairs: ClassVar[bool] = True

    ec_keypair_filename: Annotated[FileName, Meta(description="Private key: who this node is")] = "ec_multichain.pem"
    ec_keypair_pubfilename: Annotated[
        FileName, Meta(description="Kept for clients; the public key follows from the private one")
    ] = "ecpub_multichain.pem"
    testnet_keypair_filename: Annotated[FileName, Meta(description="Private key for the test network")] = (
        "ec_trustchain_testnet.pem"
    )
    secondary_key_filename: Annotated[FileName, Meta(description="Kept for clients; nothing uses it")] = (
        "secondary_key.pem"
    )
    testnet: Annotated[bool, Meta(description="Use the key for the test network")] = default_from_environment(
        "TRUSTCHAIN_TESTNET"
    )
