"""The tokenizer of a model that only transformers can read: no ``tokenizer.json``, or a class of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer

from explorer.engine.tokenizer import Backend, bytes_of_sentencepiece
from explorer.engine.torch_engine.settings import transformers_quiet


def open_backend(folder: Path) -> Backend:
    """What transformers makes of the tokenizer files in ``folder``. Whatever its parsers raise is bare."""
    with transformers_quiet():
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, config=config, local_files_only=True, trust_remote_code=False
        )
    bos_id, eos_id, special = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.all_special_ids
    rust = getattr(tokenizer, "backend_tokenizer", None)
    if rust is not None:
        rust.no_truncation()
        rust.no_padding()
        rust.encode_special_tokens = tokenizer.split_special_tokens
        return Backend.of(rust, special, bos_id=bos_id, eos_id=eos_id)
    added = tokenizer.added_tokens_decoder
    written = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return Backend(
        encode=lambda text, add: list(tokenizer(text, add_special_tokens=add, verbose=False)["input_ids"]),
        pieces={
            i: token.encode() if i in added else bytes_of_sentencepiece(token)
            for i, token in enumerate(written)
            if token is not None
        },
        cutting=frozenset(added),
        special=frozenset(i for i, token in added.items() if token.special) | frozenset(special),
        bos_id=bos_id,
        eos_id=eos_id,
    )
