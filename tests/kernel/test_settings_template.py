import tomllib

from triblerd.config import KERNEL_SECTIONS, fields_of
from triblerd.settings_template import settings_text

PLUGINS = {"fan": True, "lamp": False}


def test_a_new_file_sets_the_key_and_nothing_else():
    values = tomllib.loads(settings_text(KERNEL_SECTIONS, PLUGINS, "the key"))

    assert values.pop("api") == {"key": "the key"}
    assert values == {"general": {}, "store": {}, "fan": {}, "lamp": {}}


def test_every_default_can_be_uncommented():
    text = settings_text(KERNEL_SECTIONS, PLUGINS, "the key")
    lines = [
        line.removeprefix("# ") if " = " in line and "(unset)" not in line else line
        for line in text.splitlines()
        if not line.startswith("# ") or line.split()[1] in {"enabled", *_keys()}
    ]

    values = tomllib.loads("\n".join(lines))

    for name, kind in KERNEL_SECTIONS.items():
        assert set(values[name]) <= {*fields_of(kind)}
    assert values["api"]["http_port"] == 20100
    assert values["api"]["keys"] == {}
    assert values["lamp"] == {"enabled": False}


def _keys():
    return {key for kind in KERNEL_SECTIONS.values() for key in fields_of(kind)}
