import pytest

from triblerd.errors import InvalidInputError
from triblerd_upgrader.foreign.replacing import Replacements

PAIRS = {
    "/downloads": "/srv/torrents",
    "/downloads/films": "/mnt/films/",
    "D:\\Torrents": "/srv/d",
    "E:\\": "/srv/e",
    "\\\\nas\\share": "/mnt/nas",
    "/everything/": "/",
}


@pytest.mark.parametrize(
    ("path", "replaced"),
    [
        ("/downloads", "/srv/torrents"),
        ("/downloads/", "/srv/torrents/"),
        ("/downloads/a b/c", "/srv/torrents/a b/c"),
        ("/downloads/films/x", "/mnt/films/x"),  # the longest that fits
        ("/downloads/films2", "/srv/torrents/films2"),  # whole components
        ("/downloads2/x", "/downloads2/x"),
        ("/other", "/other"),
        ("D:\\Torrents\\A\\b.bin", "/srv/d/A/b.bin"),
        ("d:/torrents/A", "/srv/d/A"),  # as Windows reads it
        ("\\\\?\\D:\\Torrents\\A", "/srv/d/A"),
        ("D:\\Other", "D:\\Other"),
        ("E:\\x", "/srv/e/x"),
        ("\\\\nas\\share\\x", "/mnt/nas/x"),
        ("/everything/x", "/x"),
        ("/everything", "/"),
        ("/downloads/a\\b", "/srv/torrents/a\\b"),  # a name here
        ("", ""),
        ("relative", "relative"),
    ],
)
def test_the_beginning_of_a_path_is_replaced(path, replaced):
    assert Replacements(PAIRS)(path) == replaced


@pytest.mark.parametrize(
    ("old", "new"), [("/a", "b"), ("/a", ""), ("a", "/b"), ("", "/b"), ("/a", "D:\\x"), ("/a", "/\0")]
)
def test_what_is_not_absolute_cannot_be_replaced(old, new):
    with pytest.raises(InvalidInputError):
        Replacements({old: new})
