import json

import pytest

from triblerd.events import (
    Arguments,
    ConfigErrorReported,
    Event,
    PluginChanged,
    ShutdownProgress,
    UnhandledError,
    UnhandledErrorDetails,
)
from triblerd_discovery.api import PeerResults, RemoteQueryResults
from triblerd_events.api import DiskUsage, LowSpace, StreamOpened
from triblerd_events.framing import data_line
from triblerd_tunnels.api import TunnelRemoved


class Text(str):
    __slots__ = ()


class Finished(Event):
    topic = "torrent_finished"

    infohash: str
    name: str
    hidden: bool


class Strange(Event):
    topic = "strange"

    thing: object


ERROR = UnhandledErrorDetails(type="OSError", text="disk full", long_text="OSError: disk full (id 7f3a)")
USAGE = DiskUsage(time=1.5, total=100, used=60, free=40, percent=60.0)


def message(event: Event) -> object:
    line = data_line(event)
    assert line is not None
    assert line.startswith(b"data: ")
    assert line.endswith(b"\n\n")
    assert line.count(b"\n") == 2
    return json.loads(line[5:])


def test_the_first_event_has_exactly_its_two_named_arguments():
    event = StreamOpened(public_key="", version="1.2.3", sessions=4)

    assert message(event) == {"topic": "events_start", "kwargs": {"public_key": "", "version": "1.2.3"}}


def test_an_unhandled_error_has_exactly_eight_keys_and_no_args():
    assert message(UnhandledError(error=ERROR)) == {
        "topic": "tribler_exception",
        "kwargs": {
            "error": {
                "type": "OSError",
                "text": "disk full",
                "event": {},
                "additional_information": {},
                "long_text": "OSError: disk full (id 7f3a)",
                "context": "{}",
                "last_core_output": "",
                "should_stop": False,
            }
        },
    }


@pytest.mark.parametrize(
    ("event", "topic", "argument"),
    [
        (ShutdownProgress(state="Saving..."), "tribler_shutdown_state", "Saving..."),
        (ConfigErrorReported(error="a\nb"), "report_config_error", "a\nb"),
        (
            LowSpace(disk_usage_data=USAGE),
            "low_space",
            {"time": 1.5, "total": 100, "used": 60, "free": 40, "percent": 60.0},
        ),
    ],
)
def test_a_positional_event_has_one_argument_and_empty_kwargs(event, topic, argument):
    assert message(event) == {"topic": topic, "args": [argument], "kwargs": {}}


def test_an_event_with_named_arguments_has_empty_args():
    event = Finished(infohash=Text("ab" * 20), name="Größe \u2028 \x00 \n\n", hidden=False)

    assert message(event) == {
        "topic": "torrent_finished",
        "args": [],
        "kwargs": {"infohash": "ab" * 20, "name": "Größe \u2028 \x00 \n\n", "hidden": False},
    }


def test_an_event_of_another_dialect_is_left_out():
    assert PluginChanged.arguments is Arguments.HIDDEN
    assert data_line(PluginChanged(name="x", state="running", reason="")) is None


def test_an_event_without_json_form_is_refused():
    with pytest.raises(TypeError, match="object has no JSON form"):
        data_line(Strange(thing=object()))


class Told(Event):
    topic = "told"
    unshown = frozenset({"secret"})

    name: str
    secret: str = ""


def test_a_field_for_others_is_left_out():
    assert message(Told(name="a", secret="b")) == {"topic": "told", "args": [], "kwargs": {"name": "a"}}


def test_clients_of_the_older_dialect_hear_nothing_of_the_newer_one():
    error = UnhandledError(error=ERROR, by_request=True)
    tunnel = TunnelRemoved(
        circuit_id=1, circuit_class="Circuit", bytes_up=2, bytes_down=3, uptime=4.5, additional_info="too old"
    )
    answer = RemoteQueryResults(answer=PeerResults(results=[], uuid="u", peer="p"), query='"film"')

    assert message(error) == message(UnhandledError(error=ERROR))
    assert message(tunnel) == {
        "topic": "tunnel_removed",
        "args": [],
        "kwargs": {"circuit_id": 1, "bytes_up": 2, "bytes_down": 3, "uptime": 4.5, "additional_info": "too old"},
    }
    assert message(answer) == {
        "topic": "remote_query_results",
        "args": [{"results": [], "uuid": "u", "peer": "p"}],
        "kwargs": {},
    }
