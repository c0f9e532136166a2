"""Text in figures: plotly shows exactly its characters."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.shared.escape import escape
from explorer.locales import visible

markup = st.text(alphabet=st.sampled_from("<>&$;#/ \"'bimgscript=xy36"))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<b>", "&lt;b&gt;"),
        ("&amp;", "&amp;amp;"),
        ("$x$", "&#36;x&#36;"),
        ("<img onerror=x>", "&lt;img onerror=x&gt;"),
        ("·Paris 你 😀", "·Paris 你 😀"),
    ],
)
def test_markup_is_shown_as_it_is_written(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.one_of(markup, st.text()))
def test_escaping_leaves_no_markup_and_loses_nothing(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped) & set("<>$")
    assert unescape(escaped) == unescape(visible(text).replace("&", "&amp;"))
    assert escaped.count("&") == sum(text.count(c) for c in "<>&$")


@given(markup, st.integers(1, 30))
def test_a_text_is_cut_before_it_is_escaped(text: str, longest: int) -> None:
    # Cut afterwards, an entity would be cut in two: "&lt;" to "&l".
    cut = unescape(escape(text, longest))
    if len(text) <= longest:
        assert escape(text, longest) == escape(text)
    else:
        assert escape(text, longest) == escape(text[: longest - 1]) + "…"
        assert len(cut) <= longest
