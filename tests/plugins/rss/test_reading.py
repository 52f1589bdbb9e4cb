"""What feeds say, and what is made of those that are not what they should be."""

import base64
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.rss.feed_server import infohash, item, magnet, rss, show
from triblerd_rss.fields import infohash_of, size_of, time_of
from triblerd_rss.reading import MOST_ITEMS, NoFeedError, read_feed

HERE = "http://feeds.example/dir/feed.xml"
SINTEL = infohash(0x5A)

ATOM = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:nyaa="https://nyaa.si/xmlns/nyaa">
  <title type="html">Films &amp;amp; &amp;lt;b&amp;gt;shows&amp;lt;/b&amp;gt;</title>
  <link rel="self" href="http://feeds.example/feed.xml"/>
  <entry>
    <title type="html">Sintel &amp;lt;b&gt; 4K</title>
    <id>urn:uuid:60a76c80</id>
    <link rel="alternate" href="/page/1"/>
    <link rel="enclosure" type="application/x-bittorrent" href="../sintel.torrent" length="1288490188"/>
    <updated>2024-02-03T04:05:06Z</updated>
    <nyaa:infoHash>{SINTEL.upper()}</nyaa:infoHash>
    <nyaa:size>1.2 GiB</nyaa:size>
    <author><name>A</name><title>not this</title></author>
  </entry>
</feed>"""


def only(body, **more):
    """Return the only entry of a feed."""
    (found,) = read_feed(body if isinstance(body, bytes) else body.encode(), HERE, **more).items
    return found


def test_an_entry_of_rss_leads_to_its_magnet_link():
    found = only(rss(show(7, name="g7", size=734003200)))

    assert (found.name, found.title, found.magnet) == ("g7", "Some.Show.S01E07.1080p", magnet(7))
    assert (found.torrent, found.size, found.published) == ("", 734003200, 0)


def test_an_entry_of_atom_leads_to_its_enclosure():
    found = only(ATOM)

    assert (found.name, found.link) == ("urn:uuid:60a76c80", "http://feeds.example/page/1")
    assert (found.torrent, found.is_guess) == ("http://feeds.example/sintel.torrent", False)
    assert (found.infohash, found.size, found.published) == (SINTEL, 1288490188, 1706933106)


def test_html_in_a_title_is_read_as_text():
    content = read_feed(ATOM.encode(), HERE)

    assert content.title == "Films &amp; &lt;b&gt;shows&lt;/b&gt;"
    assert content.items[0].title == "Sintel <b> 4K"


@pytest.mark.parametrize(
    "element",
    [
        f"<torrent:infoHash>{SINTEL}</torrent:infoHash>",
        f"<nyaa:infoHash>{SINTEL.upper()}</nyaa:infoHash>",
        f"<infohash>{base64.b32encode(bytes.fromhex(SINTEL)).decode()}</infohash>",
        f'<torznab:attr name="infohash" value="{SINTEL}"/>',
        f"<torrent xmlns='http://xmlns.ezrss.it/0.1/'><infoHash>{SINTEL}</infoHash></torrent>",
    ],
)
def test_what_indexers_add_names_the_torrent(element):
    assert only(rss(f"<item><title>Sintel</title>{element}</item>")).infohash == SINTEL


@pytest.mark.parametrize(
    "element",
    [
        f'<enclosure url="{magnet(3)}" type="application/x-bittorrent"/>',
        f"<torrent:magnetURI><![CDATA[{magnet(3)}]]></torrent:magnetURI>",
        f'<torznab:attr name="magneturl" value="{magnet(3).replace("&", "&amp;")}"></torznab:attr>',
        f"<guid>{magnet(3)}</guid>",
        f'<media:content url="{magnet(3)}"/>',
    ],
)
def test_a_magnet_link_is_found_wherever_it_stands(element):
    assert only(rss(f"<item><title>x</title>{element}</item>")).magnet == magnet(3)


def test_a_page_is_only_guessed_to_be_a_torrent_file():
    found = only(rss(item("x", "http://other.example/details.php?id=5")))

    assert (found.torrent, found.is_guess) == ("http://other.example/details.php?id=5", True)


def test_the_length_of_a_torrent_file_is_not_taken_for_the_torrents():
    enclosure = '<enclosure url="/a.torrent" type="application/x-bittorrent" length="20123"/>'

    assert only(rss(f"<item><title>x</title>{enclosure}</item>")).size == 0


def test_what_only_a_browser_opens_is_no_link():
    found = only(
        rss(item("x", "javascript:alert(1)"), title="t").replace(
            "</item>", '<enclosure url="file:///etc/passwd"/></item>'
        )
    )

    assert (found.link, found.torrent, found.magnet) == ("", "", "")


def test_rss_1_has_its_entries_beside_the_channel():
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
        <channel rdf:about="x"><title>Old</title></channel>
        <item rdf:about="y"><title>One</title><link>http://x.example/1.torrent</link></item></rdf:RDF>"""

    content = read_feed(body.encode(), HERE)

    assert (content.title, content.items[0].torrent) == ("Old", "http://x.example/1.torrent")


@pytest.mark.parametrize(
    "broken",
    [
        "<rss><channel><title>T</title><item><title>One</title><link>http://x/1.torrent</item><item><title>Two",
        "<rss><channel><item><title>One</title><link>http://x/1.torrent</link><item><title>Two</title></rss>",
        "<rss><channel></wrong><item><title>One</b></title><enclosure url='http://x/1.torrent'></item><item><title>Two</item>",
        "<RSS><CHANNEL><ITEM><TITLE>One</TITLE><LINK>http://x/1.torrent</LINK></ITEM><ITEM><TITLE>Two</TITLE></ITEM>",
        '\n junk <rss><channel><item a="1><title>One</title><link>http://x/1.torrent</link></item><item><title>Two</title></item>',
    ],
)
def test_a_broken_feed_is_read_as_far_as_it_goes(broken):
    items = read_feed(broken.encode(), HERE).items

    assert [found.title for found in items] == ["One", "Two"]
    assert items[0].torrent == "http://x/1.torrent"


def test_an_ampersand_that_nobody_wrote_as_one_stays():
    assert only(rss("<item><link>http://x/a.torrent?id=1&copy=2&amp;b=3</link></item>")).torrent == (
        "http://x/a.torrent?id=1&copy=2&b=3"
    )


def test_a_billion_laughs_are_not_laughed():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{entities}]>' + rss("<item><title>&l9;</title></item>")

    assert only(body).title == "&l9;"


def test_no_file_is_read_for_an_entity():
    body = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss("<item><title>a&x;b</title></item>")

    assert only(body).title == "a&x;b"


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("utf-8", "iso-8859-1", "iso-8859-1"),
        ("iso-8859-1", "iso-8859-1", "utf-8"),
        ("koi8-r", "koi8-r", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", "utf-8"),
        ("cp1252", "no-such-encoding", "bzip2"),
        ("shift_jis", "", "shift_jis"),
    ],
)
def test_the_encoding_is_found_out(encoding, declared, charset):
    title = {"koi8-r": "Привет", "shift_jis": "日本語"}.get(encoding, "Café")
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""

    found = only(
        f"{head}<rss><channel><item><title>{title}</title></item></channel></rss>".encode(encoding), charset=charset
    )

    assert found.title == title


@pytest.mark.parametrize("body", [b"", b"<html><body>Not found</body></html>", b"d4:infod4:name1:xee", b"\xff" * 100])
def test_what_is_no_feed_is_refused(body):
    with pytest.raises(NoFeedError):
        read_feed(body, HERE)


def test_of_a_long_feed_the_first_entries_are_read():
    found = read_feed(
        rss(*(item(f"t{n}", f"http://x/{n}.torrent") for n in range(MOST_ITEMS + 10))).encode(), HERE
    ).items

    assert [len(found), found[-1].title] == [MOST_ITEMS, f"t{MOST_ITEMS - 1}"]


@pytest.mark.parametrize(
    "hostile",
    [
        "<" * 30_000,
        "<a>" * 30_000,
        '<a b="' * 30_000,
        "<!DOCTYPE x [" * 30_000,
        "<!--" * 30_000,
        "<![CDATA[" * 30_000,
        "<item>" + "&" * 300_000,
        "<item><title>&#" + "9" * 300_000 + ";",
        "<item><enclosure " + "".join(f'a{n}="1" ' for n in range(30_000)) + "/>",
        "<item>" + "<link>http://h/a</link>" * 20_000,
        "<item><enclosure " + " " * 300_000 + "/>",
    ],
)
def test_hostile_markup_is_done_with_in_one_pass(hostile):
    """Were there more than one, these would take minutes."""
    assert len(read_feed(f"<rss><channel>{hostile}".encode(), HERE).items) <= 1


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30).filter(
    str.strip
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=5))
def test_well_formed_feeds_are_read_as_xml_says(rows):
    root = ET.Element("rss")
    channel = ET.SubElement(root, "channel")
    for number, (title, other, in_parts) in enumerate(rows):
        entry = ET.SubElement(channel, "item", {"note": other})
        ET.SubElement(entry, "title").text = title
        ET.SubElement(entry, "guid").text = f"{number}"
        link = ET.SubElement(entry, "description")
        link.text = other
        ET.SubElement(link, "title" if in_parts else "b").text = other

    for encoding in ("utf-8", "us-ascii", "utf-16"):
        items = read_feed(ET.tostring(root, encoding), HERE).items

        assert [found.title for found in items] == [" ".join(title.split()) for title, _, _ in rows]


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(body):
    for raw in (body, b"<rss><channel><item>" + body, b"<?xml encoding='" + body):
        try:
            content = read_feed(raw, HERE)
        except NoFeedError:
            continue
        assert all(found.name for found in content.items)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Mon, 01 Jan 2024 10:00:00 +0200", 1704096000),
        ("Mon, 01 Jan 2024 10:00:00 GMT", 1704103200),
        ("2024-01-01T10:00:00+02:00", 1704096000),
        ("2024-01-01", 1704067200),
        ("yesterday", 0),
        ("Mon, 99 Jan 2024 10:00:00 +9999999999", 0),
        ("0001-01-01T00:00:00Z", 0),
    ],
)
def test_dates_are_read(text, seconds):
    assert time_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("734003200", 734003200),
        ("1.5 GiB", 1610612736),
        ("700 MB", 700_000_000),
        ("1,5kB", 1500),
        ("", 0),
        ("x", 0),
        ("9" * 19 + "P", 0),
    ],
)
def test_sizes_are_read(text, size):
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "x" * 40, "0" * 39, "1" * 32, "8" * 32])
def test_what_is_no_infohash_is_none(text):
    assert infohash_of(text) == ""
