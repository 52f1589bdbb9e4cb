"""Trackers that are never asked."""

from triblerd_metadata.health.blacklist import FILE_NAME, Blacklist


def test_without_a_file_nobody_is_on_the_list(tmp_path):
    assert not Blacklist(tmp_path).read()


def test_the_file_names_trackers_in_any_spelling(tmp_path):
    (tmp_path / FILE_NAME).write_text(
        "\ufeff# mine\nHTTP://A.example:80/announce/\n\nrubbish\nudp://b.example:1/announce\n", encoding="utf-8"
    )

    assert Blacklist(tmp_path).read() == {"http://a.example/announce", "udp://b.example:1"}


def test_a_change_of_the_file_is_noticed(tmp_path):
    blacklist = Blacklist(tmp_path)
    file = tmp_path / FILE_NAME
    file.write_text("udp://a.example:1")
    first = blacklist.read()

    file.write_text("udp://b.example:12")
    second = blacklist.read()
    file.unlink()

    assert (first, second, blacklist.read()) == ({"udp://a.example:1"}, {"udp://b.example:12"}, set())


def test_a_file_that_cannot_be_read_leaves_the_list_as_it_was(tmp_path, caplog):
    blacklist = Blacklist(tmp_path)
    file = tmp_path / FILE_NAME
    file.write_text("udp://a.example:1")
    before = blacklist.read()
    file.unlink()
    file.mkdir()

    assert blacklist.read() == before == {"udp://a.example:1"}
    assert FILE_NAME in caplog.text
