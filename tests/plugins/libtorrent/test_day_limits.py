"""Rate limits by session and by time of day."""

import pytest

from triblerd_libtorrent.api import SessionRegistry
from triblerd_libtorrent.day_limits import limits_at

DAY = ((0, 0), (1000, 0), (2000, 500), *((3000, 3000),) * 45)
STEADY = [[7000, 9000]] * 48


@pytest.mark.parametrize(
    ("clock", "limits"),
    [
        ("00:00", (1, 0)),  # nothing limits now, but the next half hour's limit is on its way
        ("00:15", (500, 0)),
        ("00:30", (1000, 1)),
        ("01:00", (2000, 500)),
        ("01:10", (2333, 1333)),
        ("12:00", (3000, 3000)),
        ("23:30", (3000, 3000)),
        ("23:45", (1500, 1500)),
    ],
)
def test_between_two_half_hours_limits_follow_a_straight_line(clock, limits):
    hours, minutes = map(int, clock.split(":"))

    assert limits_at(DAY, hours * 3600 + minutes * 60) == limits


async def test_each_session_has_the_limits_of_its_own_day(start_daemon):
    async with start_daemon("libtorrent", "settings", config={"libtorrent": {"max_upload_rate": 10}}) as daemon:
        registry = daemon.daemon.container.services().find(SessionRegistry)
        await registry.open_session(1, socks_host="127.0.0.1", socks_port=4711)

        async def limits(hops):
            settings = (await daemon.get(f"/libtorrent/settings?hop={hops}"))["settings"]
            return settings["upload_rate_limit"], settings["download_rate_limit"]

        change = {"use_advanced_rate_limits": True, "advanced_rate_limits": {"0": STEADY}}
        await daemon.post("/settings", json={"libtorrent": change})
        advanced = await limits(0), await limits(1)
        await daemon.post("/settings", json={"libtorrent": {"use_advanced_rate_limits": False}})
        plain = await limits(0), await limits(1)

    assert advanced == ((7000, 9000), (0, 0))
    assert plain == ((10, 0), (10, 0))


async def test_a_day_has_48_pairs_of_rates_for_sessions_that_there_are(start_daemon):
    async with start_daemon("settings") as daemon:
        for wrong in (
            {"0": [[1, 2]]},
            {"0": [[1]] * 48},
            {"0": [[-1, 0]] * 48},
            {"4": STEADY},
            {"0": [[None, 0]] * 48},
        ):
            answer = await daemon.post("/settings", json={"libtorrent": {"advanced_rate_limits": wrong}}, status=400)

            assert answer["error"].startswith("libtorrent.advanced_rate_limits")
