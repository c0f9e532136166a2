"""A process in which torch and transformers cannot be imported samples, compares and draws."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers"):
            raise AssertionError(f"{name} was imported")

sys.meta_path.insert(0, Refused())

from explorer import Beam, Difference, Sampling, Stop, compare, generate
from explorer.generation.export import to_record
from tests.generation.bigrams import Bigrams

everything = Sampling(
    bias={3: 1.5}, repetition_penalty=1.1, presence_penalty=0.3, frequency_penalty=0.2, no_repeat_ngram=3, banned=[5],
    temperature=0.9, top_k=30, top_p=0.97, min_p=0.0005, typical_p=0.98,
)
model = Bigrams(seed=1)
strategies = [Sampling(), everything, Sampling(greedy=True), Beam(3)]
made = compare(model, [1, 2, 3], strategies, n=3, max_new_tokens=6, seed=4)
alone = [choice.id for choice in generate(model, [1, 2, 3], everything, seed=4, sample=2, stop=Stop(6))]
assert [token.id for token in made.strategies[1].samples[2].tokens] == alone
json.dumps(to_record(made))
distribution = model.trace([1, 2, 3]).distribution(everything)
print(distribution, Difference(distribution, distribution).kl_bits)
print(json.dumps([[token.id for token in sample.tokens] for each in made.strategies for sample in each.samples]))
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)


def test_a_comparison_needs_neither_torch_nor_transformers() -> None:
    ran = run(PROGRAM)
    assert ran.returncode == 0, ran.stderr[-2000:]
    texts = json.loads(ran.stdout.splitlines()[-1])
    assert [len(text) for text in texts] == [6] * 8


def test_the_program_would_have_noticed() -> None:
    ran = run(PROGRAM + "\nimport torch")
    assert "torch was imported" in ran.stderr
