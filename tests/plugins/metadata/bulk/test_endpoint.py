"""``/metadata/import`` and ``/metadata/export`` of a running daemon."""

import base64
import itertools
import json

import msgspec
import pytest

from tests.plugins.metadata.records import KEY_A
from triblerd_libtorrent.testing import make_torrent
from triblerd_metadata.api import Entry, MetadataStore
from triblerd_metadata.bulk.lines import Line, encode_entries
from triblerd_metadata.preparing import is_marked
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.wire import sign_entry


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("metadata") as daemon:
        yield daemon


def lines_of(torrents):
    return encode_entries(
        Entry(**msgspec.structs.asdict(torrent), rowid=1, is_adult=is_marked(torrent)) for torrent in torrents
    )


async def import_lines(daemon, lines, *, status=200, **params):
    return await daemon.post("/metadata/import", data=lines, params=params, status=status)


async def export_lines(daemon, query=""):
    answer = await daemon.request("GET", f"/metadata/export{query}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.body


def metainfo_line(torrent):
    return json.dumps({"metainfo": base64.b64encode(torrent.metainfo).decode()}).encode() + b"\n"


async def test_what_is_imported_is_exported_again_as_it_was(daemon):
    lines = lines_of(make_torrents(5_000))

    answer = await import_lines(daemon, lines)

    assert answer == {"added": 5_000, "replaced": 0, "kept": 0, "refused": []}
    assert await export_lines(daemon) == lines


async def test_signed_entries_that_were_cut_are_restored_with_their_author(start_daemon, daemon, tmp_path):
    torrent, channel, folder = (
        sign_entry(msgspec.structs.replace(entry, title="x" * 301, type=kind, id=place, origin_id=7), KEY_A)
        for place, (entry, kind) in enumerate(zip(make_torrents(3), (300, 400, 220), strict=True), 1)
    )
    await import_lines(daemon, lines_of([torrent, channel, folder]))
    exported = await export_lines(daemon)

    async with start_daemon("metadata", state_dir=tmp_path / "other") as other:
        restored = await import_lines(other, exported)
        lines = await export_lines(other)

    assert [json.loads(line)["name"] for line in exported.splitlines()] == ["x" * 300] * 3
    assert restored == {"added": 3, "replaced": 0, "kept": 0, "refused": []}
    assert lines == exported


async def test_what_nobody_can_check_replaces_nothing(daemon):
    [torrent] = make_torrents(1)
    signed = sign_entry(torrent, KEY_A)
    forged = msgspec.structs.replace(signed, title="forged", signature=b"", timestamp=signed.timestamp + 1)
    await import_lines(daemon, lines_of([signed]))

    answer = await import_lines(daemon, lines_of([forged]))

    assert answer["kept"] == 1
    assert await export_lines(daemon) == lines_of([signed])


@pytest.mark.parametrize(("name", "mark"), [("Big Buck Bunny", 1.0), ("xxx", 0.0)])
async def test_what_the_user_says_against_the_family_filter_is_restored(start_daemon, daemon, tmp_path, name, mark):
    [torrent] = (msgspec.structs.replace(torrent, title=name) for torrent in make_torrents(1))
    await import_lines(daemon, json.dumps({"name": name, "infohash": torrent.infohash.hex()}).encode())
    await daemon.patch(f"/metadata//{torrent.id}", json={"xxx": mark})

    async with start_daemon("metadata", state_dir=tmp_path / "other") as other:
        await import_lines(other, await export_lines(daemon))
        shown = await export_lines(other, "?hide_xxx=1")

    assert bool(shown) is not bool(mark)


async def test_counts_and_dates_that_cannot_be_are_forgotten(daemon):
    numbers = {"created": -1, "num_seeders": -1, "num_leechers": 5, "last_tracker_check": 5}

    answer = await import_lines(daemon, json.dumps({"name": "film", "infohash": "ab" * 20, **numbers}).encode())

    [line] = (await export_lines(daemon)).splitlines()
    assert answer["added"] == 1
    assert numbers.keys().isdisjoint(json.loads(line))


async def test_what_is_known_is_kept(daemon):
    await import_lines(daemon, lines_of(make_torrents(10)))

    answer = await import_lines(daemon, lines_of(make_torrents(15)))

    assert answer == {"added": 5, "replaced": 0, "kept": 10, "refused": []}


async def test_a_newer_record_of_an_author_replaces_the_older_one(daemon):
    older, other = make_torrents(2)
    newer = msgspec.structs.replace(other, id=older.id, timestamp=older.timestamp + 1)
    await import_lines(daemon, lines_of([sign_entry(older, KEY_A)]))

    answer = await import_lines(daemon, lines_of([sign_entry(newer, KEY_A)]))

    assert answer["replaced"] == 1
    assert [json.loads(line)["name"] for line in (await export_lines(daemon)).splitlines()] == [newer.title]


async def test_what_cannot_be_taken_is_told_and_the_rest_is_stored(daemon):
    good = lines_of(make_torrents(2)).splitlines()
    forged = lines_of([msgspec.structs.replace(sign_entry(make_torrents(3)[2], KEY_A), title="forged")])

    answer = await import_lines(daemon, b"\n".join([good[0], b"", b"{", b'{"name": 5}', good[1], forged]))

    assert answer["added"] == 2
    assert [refusal["line"] for refusal in answer["refused"]] == [3, 4, 6]
    assert answer["refused"][1]["reason"] == "Expected `str`, got `int` - at `$.name`"
    assert answer["refused"][2]["reason"] == "the signature is wrong"


async def test_no_number_is_so_large_that_other_lines_suffer(daemon):
    fields = [field.name for field in msgspec.structs.fields(Line) if field.name not in {"name", "infohash"}]
    numbers = (1 << 32, 1 << 63, 1 << 64, (1 << 63) - 1, -(1 << 63), 1e300, -1e300)
    lines = [
        json.dumps({"name": "film", "infohash": f"{place:040x}", field: number, "type": kind})
        for place, (kind, field, number) in enumerate(itertools.product((300, 400), fields, numbers), 1 << 120)
    ]
    good = lines_of(make_torrents(1)).decode()

    answer = await import_lines(daemon, "\n".join([*lines, good]).encode())

    assert sum(answer[outcome] for outcome in ("added", "kept")) + len(answer["refused"]) == len(lines) + 1
    assert len(lines) + 1 not in {refusal["line"] for refusal in answer["refused"]}


async def test_rubbish_is_refused_line_by_line(daemon):
    answer = await import_lines(daemon, b"\x00\xff\n[]\n\n" + b"[" * 100_000)

    assert [refusal["line"] for refusal in answer["refused"]] == [1, 2, 4]


async def test_torrent_files_are_read_but_not_private_ones(start_daemon, tmp_path):
    public = make_torrent(tmp_path, b"a" * 20_000, name="public.mkv", trackers=("http://127.0.0.1:9/announce",))
    private = make_torrent(tmp_path, b"b" * 20_000, name="private", private=True)
    async with start_daemon("metadata", "libtorrent") as daemon:
        answer = await import_lines(
            daemon, metainfo_line(private) + metainfo_line(public) + b'{"metainfo": "ZGU="}\n{"metainfo": 1}'
        )
        (entry,) = daemon.daemon.container.services().find(MetadataStore).by_infohash(bytes.fromhex(public.infohash))

    assert answer["added"] == 1
    assert [refusal["line"] for refusal in answer["refused"]] == [1, 3, 4]
    assert answer["refused"][0]["reason"] == "it is private"
    assert (entry.title, entry.category, entry.size) == ("public.mkv", "VideoClips", 20_000)
    assert entry.trackers == ("http://127.0.0.1:9/announce",)


async def test_without_an_engine_torrent_files_are_refused(daemon):
    answer = await import_lines(daemon, b'{"metainfo": "ZGU="}')

    assert "libtorrent" in answer["refused"][0]["reason"]


async def test_the_daemon_remembers_how_far_a_source_came_until_its_end(start_daemon):
    first, second = make_torrents(2)
    async with start_daemon("metadata") as daemon:
        await import_lines(daemon, lines_of([first]), source="a", position=100, number=1, more=1)

    async with start_daemon("metadata") as daemon:
        assert await daemon.get("/metadata/import?source=a") == {"position": 100, "number": 1}
        assert await daemon.get("/metadata/import?source=b") == {"position": 0, "number": 0}
        await import_lines(daemon, lines_of([second]), source="a", position=200, number=2)

        assert await daemon.get("/metadata/import?source=a") == {"position": 0, "number": 0}


async def test_of_batches_sent_at_a_time_those_without_a_gap_before_them_are_remembered(daemon):
    first, second, third = (lines_of([torrent]) for torrent in make_torrents(3))

    await import_lines(daemon, second, source="a", begin=100, position=200, number=2, more=1)
    assert (await daemon.get("/metadata/import?source=a"))["position"] == 0

    await import_lines(daemon, first, source="a", begin=0, position=100, number=1, more=1)
    assert await daemon.get("/metadata/import?source=a") == {"position": 200, "number": 2}

    await import_lines(daemon, third, source="a", begin=200, position=300, number=3, more=1)
    assert await daemon.get("/metadata/import?source=a") == {"position": 300, "number": 3}


async def test_what_came_before_a_source_ended_is_no_part_of_it_when_it_comes_again(daemon):
    first, second = (lines_of([torrent]) for torrent in make_torrents(2))
    await import_lines(daemon, second, source="a", begin=10, position=20, more=1)
    await import_lines(daemon, b"", source="a", begin=10, position=10)

    await import_lines(daemon, first, source="a", begin=0, position=10, more=1)

    assert (await daemon.get("/metadata/import?source=a"))["position"] == 10


async def test_each_source_is_remembered_by_its_whole_name(daemon):
    names = ["日" * 200, "日" * 199 + "x", "日" * 66 + "ab", "日" * 66 + "abc"]
    for position, source in enumerate(names, 1):
        await import_lines(daemon, b"", source=source, position=position, more=1)

    answers = [await daemon.request("GET", "/metadata/import", params={"source": source}) for source in names]

    assert [answer.json()["position"] for answer in answers] == [1, 2, 3, 4]


async def test_positions_have_eight_bytes(daemon):
    await import_lines(daemon, b"", source="a", position=2**63 - 1, number=2**63 - 1, more=1)

    assert await daemon.get("/metadata/import?source=a") == {"position": 2**63 - 1, "number": 2**63 - 1}


async def test_of_sources_that_never_ended_the_newest_hundred_are_remembered(daemon):
    for number in range(101):
        await import_lines(daemon, b"", source=f"s{number}", position=7, more=1)

    assert (await daemon.get("/metadata/import?source=s0"))["position"] == 0
    assert (await daemon.get("/metadata/import?source=s1"))["position"] == 7


async def test_an_export_leaves_out_what_is_not_wanted(daemon):
    plain, own, adult = make_torrents(3)
    own = msgspec.structs.replace(own, is_own=True)
    adult = msgspec.structs.replace(adult, title="Some XXX")
    await import_lines(daemon, lines_of([plain, own, adult]))

    assert await export_lines(daemon, "?hide_own=1&hide_xxx=1") == lines_of([plain])
    assert await export_lines(daemon, "?metadata_type=300") == lines_of([plain, own, adult])
    assert await export_lines(daemon, "?metadata_type=400&metadata_type=220") == b""


@pytest.mark.parametrize(
    "query",
    [
        "position=-1",
        f"position={2**63}&more=1&source=a",
        f"position={2**64}&more=1&source=a",
        "number=x",
        f"number={2**64}&more=1&source=a",
        "more=maybe",
        "begin=-1",
        f"begin={2**64}",
        f"source={'s' * 201}",
    ],
)
async def test_a_wrong_parameter_is_refused(daemon, query):
    await daemon.post(f"/metadata/import?{query}", data=b"", status=400)


async def test_a_wrong_type_is_no_filter_of_an_export(daemon):
    await daemon.get("/metadata/export?metadata_type=301", status=400)
