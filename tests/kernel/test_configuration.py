from collections.abc import Mapping
from typing import Annotated, ClassVar

import pytest
from msgspec import Meta

from triblerd.config import ApiConfig, Section, convert_setting, fields_of
from triblerd.configuration import ConfigurationLayers, ConfigurationService, SectionClashError
from triblerd.errors import InvalidInputError
from triblerd.settings_file import SettingsFile


class FanConfig(Section):
    speed: Annotated[int, Meta(ge=0, le=10)] = 3
    turns: int = 0
    loud: bool = False
    factor: float = 1.5
    name: str | None = None
    places: tuple[str, ...] = ()


class RepairedConfig(Section):
    repairs: ClassVar[bool] = True

    speed: Annotated[int, Meta(ge=0, le=10)] = 3


@pytest.fixture
def make(tmp_path):
    def make(
        text: str = "", environment: Mapping[str, str] | None = None, overrides: Mapping[str, Mapping[str, object]] = {}
    ) -> ConfigurationService:
        file = SettingsFile(tmp_path / "triblerd.conf")
        file.create(text)
        layers = ConfigurationLayers(file, environment or {}, overrides)
        layers.read()
        service = ConfigurationService(file=file, layers=layers)
        service.know_plugins({"fan": True, "lamp": False})
        service.declare("fan", {"fan": FanConfig, "blades": RepairedConfig})
        return service

    return make


def test_defaults_fill_what_no_layer_says(make):
    assert make().get("fan", FanConfig) == FanConfig()


def test_the_command_line_wins_over_environment_over_file(make):
    text = '[fan]\nspeed = 1\nfactor = 9\nname = "file"\n'

    service = make(text, {"TRIBLERD_FAN__SPEED": "2", "TRIBLERD_FAN__NAME": "env"}, {"fan": {"speed": "4"}})

    assert service.get("fan", FanConfig) == FanConfig(speed=4, factor=9.0, name="env")


def test_a_list_in_the_environment_is_written_as_toml(make):
    service = make(environment={"TRIBLERD_FAN__PLACES": '["roof", "cellar"]'})

    assert service.get("fan", FanConfig).places == ("roof", "cellar")


@pytest.mark.parametrize(("word", "flag"), [("yes", True), ("on", True), ("1", True), ("no", False), ("OFF", False)])
def test_words_stand_for_flags(make, word, flag):
    assert make(f'[fan]\nloud = "{word}"\n').get("fan", FanConfig).loud is flag


def test_core_api_port_turns_http_on(make):
    service = make("[api]\nhttp_enabled = false\nhttp_port = 1\n", {"CORE_API_PORT": "8085"})

    assert service.get("api", ApiConfig).http_port == 8085
    assert service.get("api", ApiConfig).http_enabled


def test_core_api_key_overrides_the_file_but_not_an_empty_key(make):
    environment = {"CORE_API_KEY": "from-environment"}

    assert make('[api]\nkey = "x"\n', environment).get("api", ApiConfig).key == "from-environment"
    assert make('[api]\nkey = ""\n', environment).get("api", ApiConfig).key == ""


def test_all_problems_of_all_sections_come_at_once(make):
    service = make('[fan]\nspeed = 11\nloud = "maybe"\n[blades]\nspeed = "x"\n')

    assert service.problems() == [
        "fan.speed: expected int <= 10",
        "fan.loud: expected bool, got str",
        "blades.speed: expected int, got str",
    ]


def test_a_number_that_no_answer_could_hold_is_wrong_in_the_file_too(make):
    section, problems = make("[fan]\nfactor = inf\nturns = 9223372036854775808\n").resolve("fan")

    assert section == FanConfig()
    assert len(problems) == 2


def test_right_values_stay_beside_wrong_ones(make):
    section, problems = make("[fan]\nspeed = 11\nfactor = 2.0\n").resolve("fan")

    assert section == FanConfig(factor=2.0)
    assert len(problems) == 1


def test_unknown_names_come_with_the_nearest_known_one(make):
    service = make("[fam]\nx = 1\n[fan]\nspede = 2\nenabled = true\n[api]\nhtp_port = 3\n")

    assert service.unknown() == [
        "unknown setting api.htp_port; did you mean 'http_port'?",
        "unknown section [fam]; did you mean 'fan'?",
        "unknown setting fan.spede; did you mean 'speed'?",
    ]


def test_plugins_are_enabled_by_default_and_contrib_is_not(make):
    assert make().is_enabled("fan")
    assert not make().is_enabled("lamp")
    assert not make("[fan]\nenabled = false\n").is_enabled("fan")
    assert make("[lamp]\nenabled = true\n").is_enabled("lamp")


def test_values_show_every_section_with_its_switch(make):
    values = make("[lamp]\nwatts = 5\n").values()

    assert values["fan"] == {
        "enabled": True,
        "speed": 3,
        "turns": 0,
        "loud": False,
        "factor": 1.5,
        "name": None,
        "places": [],
    }
    assert values["blades"] == {"speed": 3}
    assert values["lamp"] == {"enabled": False, "watts": 5}
    assert "enabled" not in values["api"]


def test_two_owners_cannot_have_one_section(make):
    with pytest.raises(SectionClashError, match=r"\[blades\] belongs to fan"):
        make().declare("mower", {"blades": FanConfig})


async def test_a_change_is_stored_and_applied(make, tmp_path):
    service = make("[fan]\nspeed = 1 # slow\n")
    told = []

    async def apply() -> None:
        told.append(service.get("fan", FanConfig))

    service.apply = apply
    await service.change({"fan": {"speed": "5", "loud": "yes"}, "lamp": {"enabled": 1}})

    assert told == [FanConfig(speed=5, loud=True)]
    assert service.is_enabled("lamp")
    assert "# slow" in (tmp_path / "triblerd.conf").read_text()


async def test_posting_back_what_was_read_writes_nothing(make, tmp_path):
    service = make("[lamp]\nwatts = 5\n")

    await service.change(service.values())

    assert (tmp_path / "triblerd.conf").read_text() == "[lamp]\nwatts = 5\n"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"fam": {"speed": 1}}, "Unknown section: fam"),
        ({"fan": {"spede": 1}}, "Unknown setting: fan.spede"),
        ({"fan": {"speed": 11}}, "fan.speed: expected int <= 10"),
        ({"fan": {"speed": None}}, "fan.speed: expected int, got null"),
        ({"fan": {"factor": "inf"}}, "fan.factor: expected a finite number of at most 64 bits"),
        ({"fan": {"factor": "nan"}}, "fan.factor: expected a finite number of at most 64 bits"),
        ({"fan": {"turns": 2**63}}, "fan.turns: expected a finite number of at most 64 bits"),
        ({"fan": {"enabled": "maybe"}}, "fan.enabled: expected true or false"),
        ({"lamp": {"watts": 5}}, "Unknown setting: lamp.watts"),
    ],
)
async def test_a_bad_change_changes_nothing(make, tmp_path, changes, text):
    service = make("[fan]\nspeed = 1\n")

    with pytest.raises(InvalidInputError) as caught:
        await service.change({"fan": {"loud": True}} | changes)

    assert str(caught.value) == text
    assert (tmp_path / "triblerd.conf").read_text() == "[fan]\nspeed = 1\n"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"guest": {"key": "k"}, "host": {"key": 5}}, "api.keys.host.key: expected str, got int"),
        ({"host": {}}, "api.keys.host: object missing required field key"),
        ({"host": "k"}, "api.keys.host: expected object, got str"),
        (["host"], "api.keys: expected object, got array"),
    ],
)
def test_what_is_wrong_in_a_table_of_tables_is_named(keys, text):
    with pytest.raises(InvalidInputError) as refusal:
        convert_setting("api", fields_of(ApiConfig)["keys"], keys)

    assert str(refusal.value) == text
