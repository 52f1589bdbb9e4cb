"""How the plugin's objects are put together."""

from functools import partial

from dependency_injector import containers, providers

from triblerd.plugin import Services
from triblerd.store import Table
from triblerd_bandwidth.accountant import Accountant, send_payout
from triblerd_bandwidth.config import BandwidthAccounting
from triblerd_bandwidth.endpoint import BandwidthEndpoint
from triblerd_bandwidth.exchange import Exchange
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.membership import Membership
from triblerd_bandwidth.payee import Payee
from triblerd_bandwidth.payer import Payer, Send, Spawn, StoredOffer
from triblerd_identity.api import NodeKey


class BandwidthContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=BandwidthAccounting)
    key: providers.Dependency[NodeKey] = providers.Dependency(instance_of=NodeKey)
    ledger = providers.Dependency(instance_of=StoredLedger)
    offers: providers.Dependency[Table[StoredOffer]] = providers.Dependency(instance_of=Table)
    services: providers.Dependency[Services] = providers.Dependency()
    spawn: providers.Dependency[Spawn] = providers.Dependency()

    send: providers.Provider[Send] = providers.Callable(partial, send_payout, services)
    payee = providers.Singleton(Payee, ledger=ledger, key=key, is_paid=config.provided.payouts)
    payer = providers.Singleton(Payer, ledger=ledger, offers=offers, key=key, send=send, spawn=spawn)
    exchange = providers.Singleton(Exchange, ledger=ledger, key=key, payee=payee, payer=payer, config=config)
    membership = providers.Singleton(Membership, exchange=exchange, testnet=config.provided.testnet)
    accountant = providers.Singleton(
        Accountant,
        services=services,
        exchange=exchange,
        is_member=membership.provided.is_member,
        spawn=spawn,
    )
    endpoint = providers.Singleton(BandwidthEndpoint, ledger=ledger, key=key)
