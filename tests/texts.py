"""Texts that are hard to read, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

GNARLY = [
    "The capital of France is",
    "你好，世界",
    "👩‍👩‍👧‍👦 and 🏳️‍🌈",
    "שלום עולם",
    "e\u0301\u0323 \u0301",
    "a\0b",
    "\r\n\t  \u3000\u00a0",
    "<b>&amp;$x$",
    "\ufeffbyte order mark\ufeff",
    "\U0010ffff",
]

valid_text = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet=st.sampled_from("你好世界 👩\u200d🏳\ufe0fe\u0301\0\n\tשab")),
    st.sampled_from(GNARLY),
)
unpaired_text = st.text(alphabet=st.characters(categories=["Cs", "Ll", "Lo"]))
