"""A tokenizer from the files of a model, as transformers makes it and without transformers.

transformers reads ``tokenizer.json`` in one of two ways. ``TokenizersBackend`` takes the file as it is. Other classes
take its vocabulary, merges and post-processor, and set up the rest (normaliser, pre-tokenizer, special tokens) by
themselves, whatever the file says: `_CLASSES` has those of the models read here. Which class it is follows from
``model_type`` and ``tokenizer_class`` as in ``AutoTokenizer`` of transformers 5.23. Tests compare both with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

from explorer.models.model_files import parse_json_object, read_bytes, read_json_object, read_optional

MAX_TOKENIZER_BYTES = 128 << 20
"""The longest ``tokenizer.json`` seen, of 262,144 tokens, has 33 MB."""

Special = str | AddedToken

AS_IT_IS = "TokenizersBackend"

REGISTERED: Mapping[str, str | None] = {
    "gemma": "GemmaTokenizer",
    "gemma2": "GemmaTokenizer",
    "gemma3_text": "GemmaTokenizer",
    "gpt2": "GPT2Tokenizer",
    "gpt_neo": "GPT2Tokenizer",
    "gptj": "GPT2Tokenizer",
    "granite": AS_IT_IS,
    "llama": None,
    "mistral": AS_IT_IS,
    "olmo2": AS_IT_IS,
    "olmo3": AS_IT_IS,
    "opt": "GPT2Tokenizer",
    "phi": "GPT2Tokenizer",
    "phi3": AS_IT_IS,
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "smollm3": None,
    "stablelm": AS_IT_IS,
    "starcoder2": "GPT2Tokenizer",
}
"""The class that transformers keeps for a type of model; None: it keeps none."""

OVERRULED = frozenset({"phi3", "qwen2"})
"""Types whose registered class counts, whatever ``tokenizer_config.json`` says."""

_NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_LEFT_TO_TRANSFORMERS = frozenset(
    {"auto_map", "fast_tokenizer_files", "fix_mistral_regex", "vocab", "merges", "post_processor", "tokenizer_object",
     "gguf_file", "init_inputs"}
)  # fmt: skip
"""Keys of ``tokenizer_config.json`` by which transformers does something else than what is done here."""

# Qwen2's own rule of where to cut, before the merges.
_QWEN2_CUTS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class TokenizerFiles:
    """What the files of a model say.

    Attributes:
        backend: the tokenizer.
        named: its special tokens with a part to play, such as ``bos_token``.
        special: every special token.
    """

    backend: tokenizers.Tokenizer
    named: Mapping[str, str]
    special: tuple[str, ...]

    def id_of(self, name: str) -> int | None:
        """The id of ``bos_token``, ``eos_token`` and so on, where there is one."""
        token = self.named.get(name)
        return None if token is None else self.backend.token_to_id(token)


@dataclass(frozen=True)
class _Class:
    """What a class of transformers sets up itself: the pipeline, and special tokens where the files name none."""

    set_up: Callable[[tokenizers.Tokenizer, models.BPE, Mapping[str, Any]], None]
    specials: Mapping[str, str]


def read_tokenizer(folder: Path) -> TokenizerFiles | None:
    """The tokenizer in ``folder``; None where only transformers can make the one that it would make.

    Raises:
        ExplorerError: a file is damaged or too long. What the library raises on a file that it cannot read is bare.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        return None
    given = read_optional(folder / "tokenizer_config.json")
    data = read_bytes(path, max_bytes=MAX_TOKENIZER_BYTES)
    kind = class_of(read_json_object(folder / "config.json"), given, byte_level=b'"ByteLevel"' in data)
    if kind is None or (folder / "tekken.json").is_file():  # Mistral's own format, which may come first
        return None
    settings = _with_legacy(given, folder)
    return None if settings is None else _assembled(data, kind, settings)


def _assembled(data: bytes, kind: str, settings: Mapping[str, Any]) -> TokenizerFiles | None:
    """What ``tokenizer.json`` and the settings say together, as the class ``kind`` puts it together."""
    backend = tokenizers.Tokenizer.from_buffer(data)
    added = {int(i): AddedToken(**token) for i, token in settings.get("added_tokens_decoder", {}).items()}
    if kind != AS_IT_IS:
        if not isinstance(backend.model, models.BPE) or backend.model.continuing_subword_prefix:
            return None
        settings = {**_CLASSES[kind].specials, **settings}
        if "added_tokens_decoder" not in settings:
            added = _added_in(data)
        backend = _set_up(backend, _CLASSES[kind], settings)
    named, others = _special_tokens(settings, {token.content: token for token in added.values()})
    special = [*named.values(), *others]
    _add(backend, [added[i] for i in sorted(added)], special, set(map(str, named.values())))
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = bool(settings.get("split_special_tokens", False))
    return TokenizerFiles(backend, {name: str(token) for name, token in named.items()}, tuple(map(str, special)))


def class_of(config: Mapping[str, Any], settings: Mapping[str, Any], *, byte_level: bool) -> str | None:
    """The class that transformers reads a tokenizer with, where it is one of those that are known here.

    Args:
        config: ``config.json``; settings: ``tokenizer_config.json``.
        byte_level: whether ``tokenizer.json`` speaks of bytes.
    """
    model_type = config.get("model_type")
    if (
        not isinstance(model_type, str)
        or model_type not in REGISTERED
        or not _LEFT_TO_TRANSFORMERS.isdisjoint(settings)
    ):
        return None
    registered = REGISTERED[model_type]
    given = settings.get("tokenizer_class") or config.get("tokenizer_class")
    if given is None:
        return registered or AS_IT_IS
    if not isinstance(given, str):
        return None
    given = given.removesuffix("Fast")
    if registered == AS_IT_IS:
        return AS_IT_IS
    if given == "LlamaTokenizer" and byte_level and model_type not in OVERRULED:
        return AS_IT_IS  # Llama 3: the class is for SentencePiece
    if registered is not None and model_type in OVERRULED:
        return registered
    if given in (AS_IT_IS, "PreTrainedTokenizer") and "tokenizer_class" in settings:
        return AS_IT_IS
    return given if given in _CLASSES else None


def _with_legacy(settings: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """The settings, with those that older versions kept in files of their own; None where these say more than names."""
    if isinstance(settings.get("extra_special_tokens"), dict):
        return None
    if "added_tokens_decoder" in settings:  # the newer files say it all
        return settings
    legacy = read_optional(folder / "special_tokens_map.json")
    if (folder / "added_tokens.json").is_file() or not set(_NAMED).issuperset(legacy):
        return None
    full = {
        name: {**token, "__type": "AddedToken", "special": True}
        for name, token in legacy.items()
        if isinstance(token, dict)
    }
    return {**settings, **legacy, **full}


def _added_in(data: bytes) -> dict[int, AddedToken]:
    """The tokens outside the vocabulary proper that a ``tokenizer.json`` lists, by their id there."""
    return {
        token["id"]: AddedToken(**{key: value for key, value in token.items() if key != "id"})
        for token in parse_json_object(data)["added_tokens"]
    }


def _special_tokens(
    settings: Mapping[str, Any], added: Mapping[str, AddedToken]
) -> tuple[dict[str, Special], list[Special]]:
    """The special tokens by the parts they play, and the others."""
    named = {}
    for name in (*_NAMED, *(name for name in settings if name.endswith("_token") and name not in _NAMED)):
        token = settings.get(name)
        if token is not None and not isinstance(token, bool):  # as add_bos_token is
            named[name] = added.get(str(_special(token)), _special(token)) if name in _NAMED else _special(token)
    others = settings.get("extra_special_tokens") or settings.get("additional_special_tokens") or []
    return named, [_special(token) for token in others]


def _special(token: str | dict[str, Any]) -> Special:
    """A special token as the settings write it: alone, or with the ways in which it is found in a text."""
    if isinstance(token, str):
        return token
    if token.get("__type") != "AddedToken":
        raise TypeError(f"a special token that is neither text nor an AddedToken: {token}")
    return AddedToken(**{name: value for name, value in token.items() if name != "__type"})


def _add(backend: tokenizers.Tokenizer, added: list[AddedToken], special: list[Special], named: set[str]) -> None:
    """Give the tokenizer the tokens that are none of its vocabulary proper; those it has stay as they are."""
    there = {token.content for token in backend.get_added_tokens_decoder().values()} | {t.content for t in added}
    new = [token for token in special if str(token) not in there]
    tokens = [*added, *(AddedToken(token, special=True) if isinstance(token, str) else token for token in new)]
    for token in tokens:
        token.special = token.special or token.content in named
    backend.add_tokens(tokens)


def _set_up(read: tokenizers.Tokenizer, kind: _Class, settings: Mapping[str, Any]) -> tokenizers.Tokenizer:
    """A tokenizer with the vocabulary, the merges and the post-processor of ``read``; the rest as its class has it."""
    model = read.model
    model.dropout = model.unk_token = None
    model.ignore_merges = False
    built = tokenizers.Tokenizer(model)
    kind.set_up(built, model, settings)
    if read.post_processor is not None:
        built.post_processor = read.post_processor
    return built


def _gpt2(built: tokenizers.Tokenizer, model: models.BPE, settings: Mapping[str, Any]) -> None:
    model.fuse_unk = model.byte_fallback = False
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(settings.get("add_prefix_space")))
    built.decoder = decoders.ByteLevel()


def _qwen2(built: tokenizers.Tokenizer, model: models.BPE, settings: Mapping[str, Any]) -> None:
    _gpt2(built, model, settings)
    built.normalizer = normalizers.NFC()
    cut = pre_tokenizers.Split(Regex(_QWEN2_CUTS), behavior="isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=bool(settings.get("add_prefix_space")), use_regex=False)
    built.pre_tokenizer = pre_tokenizers.Sequence([cut, as_bytes])


def _llama(built: tokenizers.Tokenizer, model: models.BPE, settings: Mapping[str, Any]) -> None:
    model.fuse_unk = model.byte_fallback = True
    prefix_space = settings.get("add_prefix_space")
    everywhere = "always" if settings.get("legacy", False) else "first"
    scheme = "never" if prefix_space is not None and not prefix_space else everywhere
    built.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=False)
    built.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])


def _gemma(built: tokenizers.Tokenizer, model: models.BPE, settings: Mapping[str, Any]) -> None:
    model.fuse_unk = model.byte_fallback = True
    model.unk_token = str(_special(settings["unk_token"]))
    built.normalizer = normalizers.Replace(" ", "▁")
    built.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    built.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])


_END = "<|endoftext|>"
_CLASSES = {
    "GPT2Tokenizer": _Class(_gpt2, {"unk_token": _END, "bos_token": _END, "eos_token": _END}),
    "Qwen2Tokenizer": _Class(_qwen2, {"unk_token": _END, "eos_token": _END, "pad_token": _END}),
    "LlamaTokenizer": _Class(_llama, {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}),
    "GemmaTokenizer": _Class(
        _gemma,
        {
            "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
            "mask_token": "<mask>",
        },
    ),
}  # fmt: skip
