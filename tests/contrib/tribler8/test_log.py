"""``GET /api/logging``."""

import logging

fan = logging.getLogger("triblerd.test.fan")


async def log_of(daemon):
    answer = await daemon.request("GET", "/api/logging")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.body.decode()


async def test_records_are_lines_as_the_console_has_them_oldest_first(start_daemon):
    async with start_daemon("tribler8", "logging") as daemon:
        fan.info("it turns")
        try:
            int("x")
        except ValueError:
            fan.exception("it broke\nin two")

        lines = (await log_of(daemon)).split("\n")

    place = lines.index("INFO:triblerd.test.fan:it turns")
    assert place > 0
    assert lines[place + 1 : place + 4] == [
        "ERROR:triblerd.test.fan:it broke",
        "in two",
        "Traceback (most recent call last):",
    ]
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'x'"


async def test_the_last_400_records_come(start_daemon):
    async with start_daemon("tribler8", "logging") as daemon:
        for number in range(401):
            fan.info("%d", number)

        lines = (await log_of(daemon)).split("\n")

    assert (len(lines), lines[0], lines[-1]) == (400, "INFO:triblerd.test.fan:1", "INFO:triblerd.test.fan:400")


async def test_the_key_is_masked(start_daemon):
    async with start_daemon("tribler8", "logging") as daemon:
        fan.info("GET /api/downloads?key=%s", daemon.key)

        text = await log_of(daemon)

        assert daemon.key not in text
    assert text.endswith("INFO:triblerd.test.fan:GET /api/downloads?key=***")


async def test_without_the_area_it_is_not_ready(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.get("/api/logging", status=404)

    assert answer == {
        "error": {"handled": True, "message": "Required components not initialized to serve /api/logging"}
    }
