"""Folders with the tokenizer files of small models, of the kinds and with the oddities that real ones have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from tests.model_repositories import TEXT

END = "<|endoftext|>"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
PREPEND = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
REPLACE = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
SPELL_OUT = {"type": "Sequence", "decoders": [REPLACE, {"type": "ByteFallback"}, {"type": "Fuse"}]}


@dataclass(frozen=True)
class Kind:
    """What a model's tokenizer files say.

    Attributes:
        base: ``bytes``, ``sentencepiece`` or ``unigram``: what the vocabulary is of.
        model_type: as in ``config.json``; settings: ``tokenizer_config.json``, None: there is none.
        changes: to ``tokenizer.json``; model: to the part of that name in it.
        added: tokens outside the vocabulary proper, beside the special ones.
        begin: the token that the post-processor puts in front.
        files: other files, by name.
    """

    base: str
    model_type: str
    settings: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    added: tuple[Mapping[str, Any], ...] = ()
    begin: str | None = None
    files: Mapping[str, Any] = field(default_factory=dict)


def added(content: str, **flags: bool) -> dict[str, Any]:
    """An added token, as the files write it."""
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return {"content": content, **usual, **flags}


LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
QWEN2 = {
    "tokenizer_class": "Qwen2Tokenizer",
    "added_tokens_decoder": {"500": added("<|im_start|>", special=True), "501": added("<|im_end|>", special=True)},
    "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
    "bos_token": None,
    "eos_token": "<|im_end|>",
    "pad_token": END,
    "unk_token": None,
}
TOOLS = (added("<tool>"), added("<wide>", lstrip=True, rstrip=True), added("déjà", normalized=True, single_word=True))

KINDS = {
    "gpt2": Kind("bytes", "gpt2", {"tokenizer_class": "GPT2Tokenizer"}),
    "gpt2 of 2019": Kind("bytes", "gpt2", {"model_max_length": 1024}),
    "gpt2 without settings": Kind("bytes", "gpt2"),
    "gpt2 with a prefix space": Kind("bytes", "gpt2", {"add_prefix_space": True}),
    "gpt2 with added tokens": Kind("bytes", "gpt2", {"tokenizer_class": "GPT2Tokenizer"}, added=TOOLS),
    "gpt2 with new special tokens": Kind(
        "bytes", "gpt2", {"pad_token": "[PAD]", "bos_token": "the", "user_token": "<user>", "add_bos_token": True}
    ),
    "gpt2 with extra special tokens": Kind("bytes", "gpt2", {"extra_special_tokens": ["<x>", " the"]}),
    "gpt2 whose file says otherwise": Kind(
        "bytes", "gpt2", {"tokenizer_class": "GPT2TokenizerFast"},
        changes={"normalizer": {"type": "Lowercase"}, "pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True}},
        model={"dropout": 0.5, "ignore_merges": True, "unk_token": END, "byte_fallback": True, "fuse_unk": True},
    ),
    "gpt2 taken as it is": Kind(
        "bytes", "gpt2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END},
        changes={"normalizer": {"type": "Lowercase"}}, begin=END,
    ),
    "gpt2 with legacy special tokens": Kind(
        "bytes", "gpt2", {}, files={"special_tokens_map.json": {"eos_token": added("<eot>"), "unk_token": END}}
    ),
    "gpt2 that splits special tokens": Kind("bytes", "gpt2", {"split_special_tokens": True}),
    "phi": Kind("bytes", "phi", {"tokenizer_class": "CodeGenTokenizer"}),
    "qwen2": Kind("bytes", "qwen2", QWEN2, changes={"normalizer": {"type": "NFC"}}),
    "qwen2 named otherwise": Kind("bytes", "qwen2", {**QWEN2, "tokenizer_class": "LlamaTokenizerFast"}),
    "qwen3": Kind("bytes", "qwen3", {**QWEN2, "add_prefix_space": True}),
    "llama 3": Kind("bytes", "llama", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END}, begin=END),
    "llama 3 named as llama 2": Kind("bytes", "llama", {**LLAMA, "bos_token": END}, begin=END),
    "smollm": Kind(
        "bytes", "llama", {"tokenizer_class": "TokenizersBackend", "bos_token": END, "eos_token": END},
        changes={"pre_tokenizer": {
            "type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL],
        }},
    ),
    "llama 2": Kind("sentencepiece", "llama", LLAMA, begin="<s>"),
    "llama 2, legacy": Kind("sentencepiece", "llama", {**LLAMA, "legacy": True}, changes={"normalizer": PREPEND}),
    "llama 2, not legacy": Kind("sentencepiece", "llama", {**LLAMA, "legacy": False}, begin="<s>"),
    "llama 2 without a space": Kind("sentencepiece", "llama", {**LLAMA, "add_prefix_space": False}, begin="<s>"),
    "llama 2, eos as well": Kind("sentencepiece", "llama", {**LLAMA, "add_eos_token": True}, begin="<s>"),
    "llama without a class": Kind(
        "sentencepiece", "llama", None, changes={"normalizer": PREPEND, "pre_tokenizer": None}, begin="<s>"
    ),
    "mistral": Kind(
        "sentencepiece", "mistral", LLAMA, changes={"normalizer": PREPEND, "pre_tokenizer": None}, begin="<s>",
        added=TOOLS,
    ),
    "phi3": Kind(
        "sentencepiece", "phi3", LLAMA, changes={"normalizer": PREPEND, "pre_tokenizer": None},
        added=(added("<|user|>", rstrip=True), added("<|end|>", special=True, rstrip=True)),
    ),
    "gemma": Kind(
        "sentencepiece", "gemma", {"tokenizer_class": "GemmaTokenizer", "bos_token": "<s>", "eos_token": "</s>"},
        begin="<s>",
    ),
    "gemma whose file says otherwise": Kind(
        "sentencepiece", "gemma2", {"tokenizer_class": "GemmaTokenizer", "unk_token": "</s>"},
        model={"byte_fallback": False, "fuse_unk": False, "unk_token": None, "dropout": 0.5},
    ),
    "llama 2 whose file says otherwise": Kind(
        "sentencepiece", "llama", LLAMA, model={"byte_fallback": False, "fuse_unk": False, "dropout": 0.5}
    ),
    "gemma 3": Kind("sentencepiece", "gemma3_text", {"unk_token": "<unk>", "mask_token": None, "pad_token": "</s>"}),
    "olmo2": Kind("bytes", "olmo2", {"tokenizer_class": "GPT2Tokenizer"}, begin=END),
    "unigram": Kind("unigram", "llama", {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}),
    "a class of its own": Kind("unigram", "xglm", {"tokenizer_class": "XGLMTokenizer"}),
    "a type of its own": Kind("bytes", "gpt_neox", {"tokenizer_class": "GPTNeoXTokenizer"}),
}  # fmt: skip


def write_tokenizer(folder: Path, kind: Kind) -> Path:
    """The files of a tokenizer, and the ``config.json`` that says what it is for."""
    described = {"bytes": byte_level, "sentencepiece": sentencepiece, "unigram": unigram}[kind.base]()
    for token in kind.added:
        described["added_tokens"].append({"id": 10_000 + len(described["added_tokens"]), **token})
    described.update(kind.changes)
    described["model"].update(kind.model)
    if kind.begin is not None:
        token_id = next(t["id"] for t in described["added_tokens"] if t["content"] == kind.begin)
        described["post_processor"] = template(kind.begin, token_id)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Any] = {"tokenizer.json": described, "config.json": {"model_type": kind.model_type}, **kind.files}
    if kind.settings is not None:
        files["tokenizer_config.json"] = kind.settings
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def byte_level() -> dict[str, Any]:
    """A byte-level BPE of 500 tokens; ``<|endoftext|>`` is the last."""
    trained = tokenizers.Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=499, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    trained.train_from_iterator(TEXT.splitlines(keepends=True), trainer)
    trained.add_special_tokens([END])
    return {**json.loads(trained.to_str()), "decoder": BYTE_LEVEL}


def sentencepiece() -> dict[str, Any]:
    """A BPE of 640 tokens with bytes for what its alphabet lacks."""
    trained = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    reserved = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=640, special_tokens=reserved, limit_alphabet=150, show_progress=False)
    trained.train_from_iterator(TEXT.splitlines(), trainer)
    described: dict[str, Any] = json.loads(trained.to_str())
    return {
        **described,
        "added_tokens": [token for token in described["added_tokens"] if token["content"] in reserved[:3]],
        "pre_tokenizer": METASPACE,
        "decoder": SPELL_OUT,
    }


def unigram() -> dict[str, Any]:
    """A Unigram model of 400 tokens, of all that stand in the text."""
    trained = tokenizers.Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    trained.train_from_iterator(TEXT.splitlines(), trainer)
    return {**json.loads(trained.to_str()), "decoder": SPELL_OUT}


def template(token: str, token_id: int) -> dict[str, Any]:
    """A post-processor that puts ``token`` in front."""
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, text],
        "pair": [text, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [token_id], "tokens": [token]}},
    }
