"""How the kernel's objects are put together."""

import os
from collections.abc import Callable
from pathlib import Path

from dependency_injector import containers, providers

from triblerd.auth import Auth
from triblerd.config import ApiConfig, StoreConfig
from triblerd.configuration import ConfigurationLayers, ConfigurationService
from triblerd.data_versions import VersionLedger
from triblerd.error_reports import ErrorReports
from triblerd.events import EventBus
from triblerd.file_roots import ConfiguredRoots
from triblerd.http.answers import Answers
from triblerd.http.docs_endpoint import DocsEndpoint
from triblerd.http.health_endpoint import HealthEndpoint
from triblerd.http.plugins_endpoint import BackupEndpoint, PluginsEndpoint
from triblerd.http.router import Router
from triblerd.http.server import HttpServer
from triblerd.lifecycle import DaemonLifecycle
from triblerd.logs import RecentRecords
from triblerd.options import RunOptions
from triblerd.plugin_discovery import find_plugins
from triblerd.plugin_gate import PluginGate
from triblerd.plugin_manager import PluginManager
from triblerd.service_registry import ServiceRegistry
from triblerd.services import Configuration, DataVersions, FileRoots, Lifecycle, PluginDirectory, RecentLog
from triblerd.settings_file import FILE_NAME, SettingsFile
from triblerd.store import Store


class KernelContainer(containers.DeclarativeContainer):
    """What the kernel is given (above) and what it makes of it (below)."""

    state_dir = providers.Dependency(instance_of=Path)
    options = providers.Dependency(instance_of=RunOptions)
    stop: providers.Dependency[Callable[[], None]] = providers.Dependency()

    settings_file = providers.Singleton(SettingsFile, providers.Callable(Path.joinpath, state_dir, FILE_NAME))
    layers = providers.Singleton(
        ConfigurationLayers,
        file=settings_file,
        environment=providers.Object(os.environ),
        overrides=options.provided.settings,
    )
    configuration = providers.Singleton(ConfigurationService, file=settings_file, layers=layers)
    bus = providers.Singleton(EventBus)
    reports = providers.Singleton(ErrorReports, bus)
    recent_log = providers.Singleton(RecentRecords)
    services = providers.Singleton(ServiceRegistry)
    lifecycle = providers.Singleton(DaemonLifecycle, state_dir=state_dir, reports=reports, stop=stop)
    store = providers.Singleton(
        Store,
        providers.Callable(Path.joinpath, state_dir, "store"),
        config=configuration.provided.get.call("store", StoreConfig),
    )
    versions = providers.Singleton(
        VersionLedger, store=store, file=settings_file, layers=layers, configuration=configuration
    )
    found = providers.Singleton(find_plugins, options.provided.extra_plugins)
    router = providers.Singleton(Router)
    plugins = providers.Singleton(
        PluginManager,
        found=found,
        configuration=configuration,
        router=router,
        bus=bus,
        store=store,
        services=services,
        gate=providers.Singleton(PluginGate, versions=versions, services=services),
        reports=reports,
        state_dir=state_dir,
    )
    api_config = configuration.provided.get.call("api", ApiConfig)
    file_roots = providers.Singleton(ConfiguredRoots, configuration)
    auth = providers.Singleton(
        Auth, config=api_config, hooks=plugins.provided.hooks, open_prefixes=router.provided.open_prefixes
    )
    answers = providers.Singleton(Answers)
    server = providers.Singleton(
        HttpServer,
        config=api_config,
        router=router,
        auth=auth,
        on_unhandled=reports.provided.request_failed,
        answers=answers,
        state_dir=state_dir,
    )
    endpoints = providers.List(
        providers.Singleton(HealthEndpoint, lifecycle=lifecycle, directory=plugins),
        providers.Singleton(
            DocsEndpoint, router=router, auth=auth, config=api_config, version=lifecycle.provided.version
        ),
        providers.Singleton(PluginsEndpoint, directory=plugins),
        providers.Singleton(BackupEndpoint, store=store),
    )


def kernel_services(kernel: KernelContainer) -> dict[type, object]:
    """Return what the kernel offers to plugins, whether it serves or not."""
    return {
        Configuration: kernel.configuration(),
        PluginDirectory: kernel.plugins(),
        Lifecycle: kernel.lifecycle(),
        DataVersions: kernel.versions(),
        FileRoots: kernel.file_roots(),
        RecentLog: kernel.recent_log(),
    }
