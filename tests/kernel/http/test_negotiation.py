"""The form of an answer is the one that the client likes best (RFC 9110, section 12.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triblerd.errors import NotAcceptableError
from triblerd.http.negotiation import choose_media_type

JSON, XML, DOT = OFFERED = ("application/json", "application/graphml+xml", "text/vnd.graphviz")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        (XML, XML),
        (XML.upper(), XML),
        (f"{DOT}; charset=utf-8", DOT),
        ("text/*", DOT),
        ("application/*", JSON),
        (f"{JSON};q=0.4, {XML};q=0.5", XML),
        (f"{JSON};q=0.5,{XML};q=0.5", JSON),
        (f"*/*;q=0.9, {JSON};q=0.1", XML),
        (f"*/*, {JSON};q=0", XML),
        (f"application/*;q=0, */*;q=0.001, {DOT};q=0.01", DOT),
        (f"{JSON};q=1.000, {XML};Q=0.999", JSON),
        (f"rubbish, {DOT}", DOT),
        (f"{JSON};q=x, {DOT};q=0.1", DOT),
        ("rubbish", JSON),
        (";;;,,,/,*/", JSON),
    ],
)
def test_the_form_is_the_one_that_is_liked_best(accept, chosen):
    assert choose_media_type(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", f"{JSON};q=0", "text/html, application/xml;q=0.9"])
def test_what_cannot_be_had_is_refused_with_what_can(accept):
    with pytest.raises(NotAcceptableError, match=r"^This can be had as application/json, .*, text/vnd\.graphviz$"):
        choose_media_type(accept, OFFERED)


@given(st.text(alphabet='*/;,q=01. ax"\t\x00é') | st.text())
def test_no_header_fails(accept):
    try:
        assert choose_media_type(accept, OFFERED) in OFFERED
    except NotAcceptableError:
        assert "/" in accept
