"""The app on the bundled model, in a process where torch and transformers cannot be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FORBID = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers"):
            raise ImportError(f"{name} is not to be imported here")
sys.meta_path.insert(0, Forbidden())
"""

APP = """
import time
import explorer, explorer.widgets.app
from explorer.widgets.panels.sections import SectionsPanel
from explorer.sessions import session_file
from explorer.sessions.replay import replay

def settle(state):
    until = time.monotonic() + 60
    while state.reader.waiting or state.reader.trace is None:
        assert time.monotonic() < until, state.status
        time.sleep(0.01)
    assert state.status.current.state != "error", state.status

app = explorer.Explorer("gpt2-mini")
state = app.state
settle(state)
assert state.reader.model.info.engine == "numpy"
state.display.browser = "0123456789abcdef"
for section in SectionsPanel.tabs:
    state.display.section = section
    settle(state)
panels = [
    explorer.AttentionPanel, explorer.AttentionTextPanel, explorer.BertVizPanel, explorer.ComparePanel,
    explorer.DistributionPanel, explorer.DrawPanel, explorer.FunnelPanel, explorer.GridPanel, explorer.HeadPanel,
    explorer.HistoryPanel, explorer.RolesPanel, explorer.SamplingPanel, explorer.SteppingPanel, explorer.SummaryPanel,
    explorer.TallyPanel, explorer.TwoPrefixesPanel, explorer.WeightPanel,
]
lm = state.reader.model
opened = [panel(lm, prefix="The old man and") for panel in panels]
for panel in opened:
    settle(panel.state)
assert all(panel.state.reader.trace is not None for panel in opened)
for text in ("The old", "The old man", "The old man was"):
    state.document.prefix = text
    settle(state)
state.sampler.sampling = explorer.Sampling(temperature=0.7, top_k=40, top_p=0.9, min_p=0.01, typical_p=0.9,
                                   repetition_penalty=1.2, presence_penalty=0.1, frequency_penalty=0.1,
                                   no_repeat_ngram=3)
assert state.sampler.distribution is not None
for _ in range(3):
    state.playback.step()
    settle(state)
state.comparison.run()
until = time.monotonic() + 60
while state.comparison.running:
    assert time.monotonic() < until
    time.sleep(0.01)
assert state.comparison.comparison.complete
name, data = state.persistence.save()
session = session_file.loads(data, lm.vocabulary)
assert [step.off for step in replay(session, lm)] == [False] * 3
assert explorer.head_view(lm.trace("The old man", attention=True)) is not None
off = lm.trace("The old man", interventions=[explorer.Ablate([(2, 0)])])
assert off.interventions
"""

COMMANDS = """
import sys
from explorer.cli import main
sys.exit(main(sys.argv[1:]))
"""

AT_THE_END = """
assert not {"torch", "transformers"} & {name.partition(".")[0] for name in sys.modules}
"""


def run(program: str, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"EXPLORER_CACHE": str(cache)}
    ran = subprocess.run(
        [sys.executable, "-c", FORBID + program, *arguments], capture_output=True, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return ran


def test_the_whole_app_runs_without_torch(tmp_path: Path) -> None:
    run(APP + AT_THE_END, tmp_path)


def test_the_commands_run_without_torch(tmp_path: Path) -> None:
    for command in (
        ["predict", "The old", "--model", "gpt2-mini", "--json"],
        ["generate", "The old", "--model", "gpt2-mini", "--top-k", "40", "--seed", "1"],
        ["compare", "The old", "--model", "gpt2-mini", "--max-new-tokens", "5"],
    ):
        assert run(COMMANDS, tmp_path, *command).stdout


def test_importing_what_is_forbidden_would_be_noticed(tmp_path: Path) -> None:
    program = "try:\n    import torch\nexcept ImportError as error:\n    print(error)\n"
    assert "not to be imported" in run(program, tmp_path).stdout
