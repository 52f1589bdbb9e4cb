"""``triblerd logging`` beside a running daemon."""

import json
import logging


async def test_the_last_records_are_shown(daemon, triblerd):
    assert daemon.key
    logging.getLogger("triblerd.tests").warning("of note\n\x1b[2Jand more")

    wanted = ("logging", "show", "--limit", "1", "--level", "warning", "--logger", "triblerd.tests")
    lines = (await triblerd(*wanted)).splitlines()
    [record] = json.loads(await triblerd(*wanted, "--json"))

    assert lines[0].endswith("Z WARNING triblerd.tests: of note")
    assert lines[1] == "\N{REPLACEMENT CHARACTER}[2Jand more"
    assert record["message"] == "of note\n\x1b[2Jand more"


async def test_a_level_is_set_and_taken_back(daemon, triblerd):
    name = "triblerd_logging"
    logging.getLogger(name)
    await triblerd("logging", "level", name, "debug", "--store")
    table = await triblerd("logging", "level")
    stored = (await daemon.get("/settings"))["settings"]["logging"]["levels"]
    await daemon.post("/settings", json={"logging": {"levels": {}}})
    await triblerd("logging", "level", name, "error")
    left = json.loads(await triblerd("logging", "level", name, "default", "--json"))
    unknown = await triblerd("logging", "level", "triblerd_loging", "debug", code=1)
    half = await triblerd("logging", "level", name, code=2)

    assert f"debug    {name}" in table or f"debug  {name}" in table
    assert stored == {name: "debug"}
    assert name not in left
    assert "did you mean" in unknown
    assert "Missing argument 'LEVEL'" in half
