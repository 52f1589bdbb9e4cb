"""The hooks of the identity plugin."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings, Section
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_identity.api import NodeKey, OwnIdentity
from triblerd_identity.config import TrustchainConfig
from triblerd_identity.identity import open_identity
from triblerd_identity.key_file import KeyFile


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("identity", "Holds the key that this node signs with, and by which others know it.")


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what is said of key files."""
    return {"trustchain": TrustchainConfig}


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Offer the key while the plugin runs."""
    config = context.section(TrustchainConfig)
    name = config.testnet_keypair_filename if config.testnet else config.ec_keypair_filename
    identity = await open_identity(KeyFile(context.state_dir / name))
    yield Running(services={NodeKey: identity, OwnIdentity: identity})
