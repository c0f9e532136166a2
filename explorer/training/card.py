"""The model card: what a reader should know before trusting gpt2-mini, written from the figures that were measured."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from explorer.locales import numbers
from explorer.training.evaluate import HeldOut

BOOKS = Path(__file__).parent / "books.csv"
"""The books gpt2-mini was trained on, by their Project Gutenberg ebook numbers."""

_HEAD = """\
---
license: mit
language: en
library_name: transformers
pipeline_tag: text-generation
---

# gpt2-mini

A GPT-2 of {parameters:.1f} million parameters ({n_layer} layers, {n_head} heads, width {n_embd}, {n_positions} \
positions, {vocab_size} tokens), trained from nothing on {megabytes:.0f} MB of English books in the public domain. It \
exists so that a next-token explorer has something real to show where there is no network. `GPT2LMHeadModel` reads it; \
the file holds float16, and the explorer computes with float32.

**Good for** seeing how a distribution, a sampler and attention heads work: its probabilities are those of a trained \
model, frequent phrases come out right, some heads have clear roles. **Bad at** everything else: it knows no facts, \
follows no instruction, loses its thread within a sentence or two, and knows no language but the English of old \
novels, whose views it repeats. Never use it for advice, decisions or text that people take for true.
"""

_RECIPE = """\
## Data and recipe

- {n_training_bytes:,} bytes of books from Project Gutenberg (listed below), cleaned by \
`explorer/training/corpus.py`, in documents of {shortest} to {longest} characters of whole paragraphs, each ended by \
`<|endoftext|>` and packed in random order: {n_training_tokens:,} tokens. Whole books were held out: {held_out}. The \
tokenizer is byte-level BPE with GPT-2's splitting, trained on the same text without those books.
- {steps} steps of {batch_tokens:,} tokens ({tokens:,} in all), sequences of {lengths} tokens, Muon for the matrices \
and AdamW for the rest, cosine schedule, bfloat16 with float32 weights behind it. {hours:.1f} hours on two CPU cores \
that did other work as well.
- Fewer than 5% of the sequences ({repeated}) repeat a span of text or of random tokens, so that induction heads form; \
each counts {repeated_weight:g} times in the gradient. The held-out figures here have no such sequences.
- Make it again: `explorer train --corpus BOOKS --work FOLDER`. The recipe is `explorer/training/gpt2_mini.toml`.
"""

_HELD_OUT = """\
## Held-out text

Bits per byte on the held-out books, all {n_books} whole. Each model sees windows of 512 of its own tokens and is \
scored on tokens that have at least 256 before them, where the book has so many. Top-1: how often the likeliest token \
was the right one, and how many bytes a token stands for.

"""

_OPPONENT = """\
SmolLM2 135M is as the explorer has it from the Python package index: tuned to follow instructions, its weights from \
4-bit blocks. It may well have read these books.
"""


def card(found: dict[str, Any]) -> str:
    """Markdown of the figures that `explorer.training.export.measure` found."""
    recipe = found["recipe"]
    model, data, training = recipe["model"], recipe["data"], recipe["training"]
    parts = [
        _HEAD.format(parameters=found["n_parameters"] / 1e6, megabytes=found["n_training_bytes"] / 1e6, **model),
        _RECIPE.format(
            n_training_bytes=found["n_training_bytes"],
            n_training_tokens=found["n_training_tokens"],
            shortest=data["document_characters"][0],
            longest=data["document_characters"][1],
            held_out=", ".join(f"`{name}`" for name in data["held_out"]),
            steps=training["tokens"] // training["batch_tokens"],
            batch_tokens=training["batch_tokens"],
            tokens=training["tokens"],
            lengths=", then ".join(str(length) for _, length in training["sequence_lengths"]),
            hours=found["seconds"] / 3600,
            repeated=", ".join(
                f"{share:.0%} from {start:.0%} of the steps on" for start, share in data["repeated_shares"]
            ),
            repeated_weight=data["repeated_weight"],
        ),
        _HELD_OUT.format(n_books=len(data["held_out"])) + _held_out_table(found),
        *([_OPPONENT] if "smollm2-135m" in found.get("opponents", {}) else []),
        "## Learning curve\n\nBits a token on a fixed sample of the held-out books.\n\n" + _curve(found["curve"]),
        _phrases(found),
        _induction(found["induction"]),
        _everyday(found["everyday"]),
        _samples(found["samples"]),
        _books(found["books"]),
    ]
    return "\n".join(parts)


def _held_out_table(found: dict[str, Any]) -> str:
    head = ["| | bits per byte | top-1 | bytes a token |", "|---|---|---|---|"]
    rows = [("**gpt2-mini**", HeldOut(**found["held_out"]))]
    rows += [(name, HeldOut(**each)) for name, each in found.get("opponents", {}).items()]
    lines = [f"| {name} | {it.bits_per_byte:.3f} | {it.top_1:.1%} | {it.bytes_per_token:.2f} |" for name, it in rows]
    after = {"PPMd": "PPMd (order 8, adaptive, after all training text)"}
    lines += [f"| {after.get(name, name)} | {bits:.3f} | | |" for name, bits in found["compressors"].items()]
    return "\n".join([*head, *lines]) + "\n"


def _curve(points: list[tuple[int, float]]) -> str:
    every = max(1, len(points) // 10)
    shown = points[every - 1 :: every]
    if shown[-1:] != points[-1:]:
        shown = [*shown, points[-1]]
    steps, bits = (
        " | ".join(str(step) for step, _ in shown),
        " | ".join(f"{bits:.2f}" for _, bits in shown),
    )
    return f"| step | {steps} |\n|---|{'---|' * len(shown)}\n| bits a token | {bits} |\n"


def _phrases(found: dict[str, Any]) -> str:
    lines = [
        "## Phrases of the training text\n",
        f"Written down before the training; {found['n_known_right']} of {len(found['known'])} are completed right by "
        "the likeliest token at each step, after a space, as in running text. Typed without that space they begin with "
        f"another, rarer token, and {found['n_known_right_without_space']} are.\n",
        "| prefix | wanted | found | probability |\n|---|---|---|---|",
    ]
    for each in found["known"]:
        mark = "" if each["right"] else " ✗"
        (text,), (probability,) = each["found"], each["probabilities"]
        shown = numbers.fraction(probability, 3)
        lines.append(f"| {each['prefix'].strip()} | `{each['wanted']}` | `{_line(text)}`{mark} | {shown} |")
    return "\n".join(lines) + "\n"


def _induction(found: dict[str, Any]) -> str:
    layer, head = found["best_head"]
    return (
        "## Induction\n\nOn 50 random tokens repeated once (means of four draws) the second half costs "
        f"{found['bits_saved']:.1f} bits a token less than the first; the best induction head, L{layer}H{head}, has a "
        f"score of {numbers.fraction(found['best_score'], 2)}.\n"
    )


def _everyday(found: list[dict[str, Any]]) -> str:
    lines = [
        "## Everyday prefixes\n",
        "Chosen before the training and unedited: the five likeliest tokens (· is a space).\n",
        "| prefix | likeliest tokens |\n|---|---|",
    ]
    for each in found:
        shown = (
            f"`{_line(t)}` {numbers.fraction(p, 2)}" for t, p in zip(each["found"], each["probabilities"], strict=True)
        )
        lines.append(f"| {each['prefix']} | {', '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _samples(found: list[tuple[str, str]]) -> str:
    lines = ["## Samples\n", "Unedited: temperature 0.8, top-p 0.95, seed 0, up to 60 tokens.\n"]
    for prefix, text in found:
        written = " ".join(text.split("\n"))
        lines.append(f"> **{prefix}**{written}\n")
    return "\n".join(lines)


def _books(names: list[str]) -> str:
    with BOOKS.open(encoding="utf-8", newline="") as file:
        known = {row["file"]: row for row in csv.DictReader(file)}
    lines = ["## Books\n", "All in the public domain in the United States; Project Gutenberg's ebook numbers.\n"]
    for name in names:
        row = known.get(name)
        lines.append(f"- {row['author']}, {row['title']} (#{row['ebook']})" if row else f"- {name}")
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Fit for one cell of a Markdown table."""
    return text.replace("\n", "⏎").replace("|", "\\|").replace("`", "'")
