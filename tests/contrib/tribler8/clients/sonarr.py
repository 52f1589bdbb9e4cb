"""What Sonarr, Radarr and Whisparr read of the settings, and as which types."""

from tests.contrib.tribler8.clients.typed import flag, integer, listed, model, model_of, number, one_of, text

_switch = model(enabled=flag)

settings = model(
    settings=model(
        api=model(
            http_enabled=flag,
            http_port=integer,
            http_host=text,
            https_enabled=flag,
            https_port=integer,
            https_host=text,
            https_certfile=text,
            http_port_running=integer,
            https_port_running=integer,
        ),
        ipv8=model(
            interfaces=listed(model(interface=text, ip=text, port=integer, worker_threads=integer)),
            keys=listed(model(alias=text, generation=text, file=text)),
            logger=model(level=text),
            working_directory=text,
            walker_interval=number,
            overlays=listed(
                model_of(
                    {
                        "class": text,
                        "key": text,
                        "walkers": listed(
                            model(
                                strategy=text,
                                peers=integer,
                                init=model(
                                    timeout=integer,
                                    sample_size=integer,
                                    ping_interval=integer,
                                    inactive_time=number,
                                    drop_time=number,
                                ),
                            )
                        ),
                        "bootstrappers": listed(model_of({"class": text})),
                    }
                )
            ),
        ),
        statistics=flag,
        memory_db=flag,
        state_dir=text,
        content_discovery_community=_switch,
        database=_switch,
        dht_discovery=_switch,
        knowledge_community=_switch,
        recommender=_switch,
        rendezvous=_switch,
        torrent_checker=_switch,
        versioning=_switch,
        tunnel_community=model(enabled=flag, min_circuits=integer, max_circuits=integer),
        watch_folder=model(enabled=flag, directory=text, check_interval=integer),
        libtorrent=model(
            download_defaults=model(
                anonymity_enabled=flag,
                number_hops=integer,
                safeseeding_enabled=flag,
                saveas=text,
                seeding_mode=one_of("ratio", "forever", "time", "never"),
                seeding_ratio=number,
                seeding_time=number,
            )
        ),
    )
)
