"""Small but real models for the tests, made on the spot: folders as `save_pretrained` writes them, and the hub's cache.

Random weights give almost flat distributions, on which few differences show. ``train_steps`` teaches a model the text
below (300 steps take 4 s for two layers of width 64): its distributions are then as peaked as a real model's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer, LlamaConfig, LlamaForCausalLM, LlamaTokenizer
from transformers.utils import logging

TEXT = """\
The capital of France is Paris. The capital of Italy is Rome. The capital of Spain is Madrid. The capital of Japan is
Tokyo. The capital of Egypt is Cairo. The capital of Peru is Lima. Paris is the capital of France, and Rome is the
capital of Italy. Once upon a time there was a small robot who wanted to know which word comes next. Every morning the
robot read a page, covered the last word with its hand, and guessed. Sometimes the guess was right, sometimes it was
wrong, and most of the time it was somewhere in between: not one word but a hundred words, each with its own share.
"How can a hundred words be an answer?" asked the cat. "Because the page has not been turned yet," said the robot.
One and one is two. Two and two is four. Three and three is six. Four and four is eight. 1 + 1 = 2; 2 + 2 = 4; 3 + 3 =
6; 12 + 30 = 42; 1984, 2001, 3.14159. Roses are red, violets are blue, sugar is sweet, and so are you. To be, or not to
be, that is the question. A bank by the river is wet; a bank in the city is rich. She said that he said that she said.

def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)

for i in range(10):
    print(i, fibonacci(i))

if __name__ == "__main__":
    main()

春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。床前明月光，疑是地上霜。举头望明月，低头思故乡。
法国的首都是巴黎。意大利的首都是罗马。日本的首都是东京。你好，世界！下一个词是什么？谁也不知道。
The cat smiled 🙂 and the robot smiled 🙂 too. A family 👨‍👩‍👧 walked by; the sun ☀️ set; café, naïve, übermut.
The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog again. And again. And again.
<b>bold</b> & <script>alert(1)</script> are only text here, and so is $x^2$.
"""
"""What tokenizers and models are trained on. ASCII art, Cyrillic and most emoji are not in it: they stay rare."""

_WINDOW = 48
_BATCH = 8


def make_gpt2(
    folder: Path,
    *,
    n_layer: int = 2,
    n_head: int = 4,
    n_embd: int = 64,
    n_positions: int = 128,
    vocab_size: int = 512,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    train_steps: int = 0,
) -> Path:
    """A GPT-2 with a byte-level BPE of its own; ``<|endoftext|>``, the last id, begins and ends texts.

    The tokenizer has at most ``vocab_size`` tokens, and fewer where `TEXT` has no more merges to give; the model has
    exactly as many.
    """
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size - 1, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(TEXT.splitlines(keepends=True), trainer)
    vocab, merges = _vocab_and_merges(trained)
    vocab["<|endoftext|>"] = len(vocab)
    tokenizer = GPT2Tokenizer(vocab=vocab, merges=merges, model_max_length=n_positions)

    torch.manual_seed(seed)
    end = vocab["<|endoftext|>"]
    model = GPT2LMHeadModel(
        GPT2Config(
            n_layer=n_layer,
            n_head=n_head,
            n_embd=n_embd,
            n_positions=n_positions,
            vocab_size=vocab_size,
            bos_token_id=end,
            eos_token_id=end,
            resid_pdrop=0.0,  # so that a short training goes far
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    )
    return _finish(folder, model, tokenizer, dtype=dtype, seed=seed, train_steps=train_steps)


def make_llama(
    folder: Path,
    *,
    n_layer: int = 2,
    n_head: int = 4,
    n_kv_head: int = 2,
    n_embd: int = 64,
    n_positions: int = 128,
    vocab_size: int = 640,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    train_steps: int = 0,
) -> Path:
    """A Llama with rotary positions and key-value heads that several query heads share.

    Its tokenizer is of the sentencepiece kind: ``▁`` for a space, one put before the text, ``<s>`` put before that, and
    ``<0xE4>``-like bytes for what its alphabet lacks (most emoji among others).
    """
    trained = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    reserved = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    # 150 characters: English, code and the commoner half of the Chinese ones.
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=reserved, limit_alphabet=150, show_progress=False
    )
    trained.train_from_iterator(TEXT.splitlines(), trainer)
    vocab, merges = _vocab_and_merges(trained)
    tokenizer = LlamaTokenizer(vocab=vocab, merges=merges, add_bos_token=True, model_max_length=n_positions)

    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            num_hidden_layers=n_layer,
            num_attention_heads=n_head,
            num_key_value_heads=n_kv_head,
            hidden_size=n_embd,
            intermediate_size=4 * n_embd,
            max_position_embeddings=n_positions,
            vocab_size=vocab_size,
            bos_token_id=1,
            eos_token_id=2,
        )
    )
    return _finish(folder, model, tokenizer, dtype=dtype, seed=seed, train_steps=train_steps)


def put_in_hub_cache(folder: Path, cache_dir: Path, repo: str, revision: str) -> Path:
    """Lay a model's folder out as the hub's cache does, as the commit ``revision`` and as ``main``; its snapshot."""
    repository = cache_dir / f"models--{repo.replace('/', '--')}"
    snapshot = repository / "snapshots" / revision
    for place in (repository / "blobs", repository / "refs", snapshot):
        place.mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(revision)
    for file in sorted(folder.iterdir()):
        blob = repository / "blobs" / hub_hash(file)
        shutil.copyfile(file, blob)
        link = snapshot / file.name
        link.unlink(missing_ok=True)
        link.symlink_to(Path("../../blobs") / blob.name)
    return snapshot


def hub_hash(file: Path) -> str:
    """What the hub calls a file's content: SHA-256 for weights (large-file storage), git's id for the rest."""
    content = file.read_bytes()
    if file.suffix == ".safetensors":
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _vocab_and_merges(trained: Tokenizer) -> tuple[dict[str, int], list[tuple[str, str]]]:
    model = json.loads(trained.to_str())["model"]
    return model["vocab"], [(left, right) for left, right in model["merges"]]


def _finish(
    folder: Path,
    model: GPT2LMHeadModel | LlamaForCausalLM,
    tokenizer: GPT2Tokenizer | LlamaTokenizer,
    *,
    dtype: torch.dtype,
    seed: int,
    train_steps: int,
) -> Path:
    if train_steps:
        _train(model, torch.tensor(tokenizer(TEXT, verbose=False).input_ids), steps=train_steps, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable_progress_bar()
    model.to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _train(model: GPT2LMHeadModel | LlamaForCausalLM, ids: torch.Tensor, *, steps: int, seed: int) -> None:
    """Next-token training on windows of ``ids`` (T,) long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is five times slower on two: they wait for each other
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    model.train()
    for batch in _batches(ids, steps, seed):
        logits = model(batch).logits[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    torch.set_num_threads(n_threads)


def _batches(ids: torch.Tensor, steps: int, seed: int) -> Iterator[torch.Tensor]:
    """``steps`` tensors (batch, window) of ids, from random places."""
    generator = torch.Generator().manual_seed(seed)
    window = min(_WINDOW, len(ids) - 1)
    for _ in range(steps):
        starts = torch.randint(len(ids) - window, (_BATCH,), generator=generator)
        yield torch.stack([ids[start : start + window] for start in starts.tolist()])
