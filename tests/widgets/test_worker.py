"""The thread that asks a model, where the tests of the state do not reach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_script_that_ends_while_the_model_answers_ends_well(tiny_gpt2: Path) -> None:
    script = f"""
import explorer
lm = explorer.load({str(tiny_gpt2)!r})
panel = explorer.DistributionPanel(lm, prefix="Once upon a time " * 500)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
