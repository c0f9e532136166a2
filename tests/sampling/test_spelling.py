"""Which tokens a person means by what was typed."""

from __future__ import annotations

import pytest

from explorer.language_model.tokens import Vocabulary
from explorer.locales import ExplorerError
from explorer.sampling.spelling import tokens_spelling, unescaped

PIECES = [
    b"cat",
    b" cat",
    b" dog",
    b"\n",
    b"\t",
    b"\\",
    b"\\n",
    b"A",
    b"A",
    b"\xe4\xbd",
    b"",
    b"#5",
    b"  ",
    "你".encode(),
]
VOCABULARY = Vocabulary([*PIECES, b"<|endoftext|>", b"cats"], special=[len(PIECES)])


def ids(text: str) -> list[int]:
    return [token.id for token in tokens_spelling(VOCABULARY, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat", [0, 1]),
        (" cat", [1]),
        ("dog", [2]),
        (" ", []),
        ("  ", [12]),
        (r"\n", [3]),
        ("\n", [3]),
        (r"\t", [4]),
        ("\\", [5]),
        (r"\\", [5]),
        (r"\\n", [6]),
        ("A", [7, 8]),
        ("你", [13]),
        ("<|endoftext|>", [14]),
        ("#9", [9]),
        ("#10", [10]),
        ("#0", [0]),
        ("#05", [5]),
        ("#5", [5]),
        ("#", []),
        ("#x", []),
        ("#-1", []),
        ("ca", []),
        ("cat cat", []),
        ("", []),
        ("\ud83d", []),
        ("#" + "9" * 5000, []),
    ],
)
def test_a_text_means_the_tokens_that_spell_it(text: str, expected: list[int]) -> None:
    if expected:
        assert ids(text) == expected
    else:
        with pytest.raises(ExplorerError) as caught:
            ids(text)
        assert caught.value.message.id == "not-one-token"
        assert len(str(caught.value)) < 300


def test_the_error_names_the_text_and_what_to_do() -> None:
    with pytest.raises(ExplorerError, match=r"“catdog”.*explorer predict.*#464"):
        ids("catdog")


def test_an_id_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(ExplorerError, match=rf"^99 is not a token id .* 0 to {len(VOCABULARY) - 1}"):
        ids("#99")


def test_a_backslash_before_anything_else_stays() -> None:
    assert unescaped(r"\d\n\\t") == "\\d\n\\t"
