import json

from tests.plugins.downloads.conftest import item_of
from tests.plugins.upgrader.samples import ROOT


async def test_the_command_tells_what_it_would_do_and_does_it(sample, start_upgrader, triblerd):
    state, data, _ = sample("qbittorrent-4.5")
    (data / "alpha.bin").unlink()
    arguments = ("import", state, "--replace", f"{ROOT}={data}")
    async with start_upgrader() as daemon:
        planned = await triblerd(*arguments, "--dry-run")
        listed = (await daemon.get("/downloads"))["downloads"]
        done = await triblerd(*arguments)
        again = await triblerd(*arguments, "--missing", "stop", "--yes")

    assert planned.splitlines()[-1] == "It would be: 9 imported, 1 skipped"
    assert listed == []
    assert done.splitlines()[-1] == "9 imported, 1 skipped"
    assert again.splitlines()[-1] == "1 imported and checked, 9 there already"


async def test_programs_get_the_whole_report_as_json(sample, start_upgrader, triblerd):
    state, data, _ = sample("transmission-4.1")
    async with start_upgrader() as daemon:
        printed = json.loads(await triblerd("import", state, "--replace", f"{ROOT}={data}", "--json"))
        item = await item_of(daemon, "d73e71db1231cf8b32308ff083d9306445986969")

    assert (printed["state"], printed["counts"]["imported"], item["destination"]) == ("finished", 9, str(data))
    assert {row["verdict"] for row in printed["report"]} == {"imported", "not_taken"}


async def test_what_is_wrong_is_said(sample, start_upgrader, triblerd, tmp_path):
    state, _, _ = sample("qbittorrent-4.5")
    async with start_upgrader():
        nothing = await triblerd("import", tmp_path / "data", code=1)
        other = await triblerd("import", state, "--program", "deluge", code=1)
        no_pair = await triblerd("import", state, "--replace", "/downloads", code=2)

    assert "holds no state of any program that is known here" in nothing
    assert "holds no state of deluge" in other
    assert "is no replacement such as /downloads=/srv/torrents" in no_pair
