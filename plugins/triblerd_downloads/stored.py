"""What is on disk of downloads and of their categories."""

import msgspec


class Category(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is on disk of a category: what its downloads have in common.

    Attributes:
        save_path: The absolute directory for downloads that name none; empty takes the default.
        seeding_ratio: Uploaded by downloaded at which they stop; ``None`` is no such limit.
        seeding_time: Seconds of seeding after which they stop; ``None`` likewise.
    """

    save_path: str = ""
    seeding_ratio: float | None = None
    seeding_time: float | None = None


class SwarmWishes(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What the user changed of where the data of a download come from.

    Attributes:
        removed_trackers: Announce URLs that it does not get, whoever names them; ``removed_web_seeds`` likewise.
        web_seeds: URLs (BEP 19) beside those in the torrent file.
        peers: Addresses and ports to meet at every start.
    """

    removed_trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    removed_web_seeds: tuple[str, ...] = ()
    peers: tuple[tuple[str, int], ...] = ()


class DownloadRecord(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What is on disk of a download: what the user wants, and how far it was when it was last looked at.

    Attributes:
        order: Downloads are listed by this number.
        time_added: Unix time.
        name: Empty while it is unknown.
        magnet: The link, until the metadata are known.
        trackers: Announce URLs beside those in the torrent file.
        size: Bytes of all files, 0 while unknown; ``total_pieces`` and ``file_count``, pad files included, likewise.
        is_streamable: Some file is a film.
        destination: The absolute directory that the files are in.
        moving_to: The directory that they are being moved to; empty when they stay.
        completed_dir: Where they go when they are complete; empty when they stay.
        selection: The wanted files; ``None`` for all of them. Once the files are known a bitmap, one bit per file, the
            first file the least significant bit of the first byte; before that, indices.
        hops: 0 is a plain download.
        safe_seeding: Seed with hops.
        user_stopped: Stopped until the user says otherwise, also over restarts.
        has_seeded_enough: Stopped by a seeding limit.
        auto_managed: Waits in the queue.
        only_metadata: Stop once the metadata are known.
        upload_limit: Bytes per second, -1 unlimited; ``download_limit`` likewise.
        seeding_ratio: Its own limit; ``None`` for none.
        progress: 0..1, and ``total_done`` in bytes, when last looked at.
        all_time_upload: Bytes; ``all_time_download`` likewise.
        time_finished: Unix time, 0 while unfinished; ``last_download`` and ``last_upload`` likewise.
        category: The name of its category, which exists; empty for none.
        tags: Each once.
        seeding_time: Its own limit in seconds; ``None`` for none. Without a limit of its own those of its category
            hold, and without these the default mode.
        swarm: What was changed of trackers, web seeds and peers.
        received_before: Bytes of ``all_time_download`` when it was found incomplete; ``None`` once it was noticed that
            it is complete, or before it was looked at.
        levels: The priorities of wanted files, 1..7, one byte for each file of the torrent; empty when all are normal.
    """

    order: int
    time_added: int
    name: str = ""
    magnet: str = ""
    trackers: tuple[str, ...] = ()
    size: int = 0
    total_pieces: int = 0
    file_count: int = 0
    is_private: bool = False
    is_streamable: bool = False
    destination: str
    moving_to: str = ""
    completed_dir: str = ""
    selection: tuple[int, ...] | bytes | None = None
    hops: int = 0
    safe_seeding: bool = False
    user_stopped: bool = False
    has_seeded_enough: bool = False
    auto_managed: bool = False
    only_metadata: bool = False
    upload_limit: int = -1
    download_limit: int = -1
    seeding_ratio: float | None = None
    progress: float = 0.0
    total_done: int = 0
    all_time_upload: int = 0
    all_time_download: int = 0
    time_finished: int = 0
    last_download: int = 0
    last_upload: int = 0
    category: str = ""
    tags: tuple[str, ...] = ()
    seeding_time: float | None = None
    swarm: SwarmWishes = SwarmWishes()
    received_before: int | None = None
    levels: bytes = b""
