"""The loop learns, its gradients are transformers' own, and it may be stopped at any moment."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from explorer.locales import ExplorerError
from explorer.models.progress import Progress
from explorer.training import checkpoint
from explorer.training import train as module
from explorer.training.packing import NOT_LEARNT, Batch, Batches
from explorer.training.train import CHECKPOINT, Trained, gpt2_config, train
from tests.training.conftest import make_recipe, silent


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    return dict(trained.module.named_parameters())


def test_it_learns(trained: Trained) -> None:
    loss = trained.curve.loss
    assert len(loss) == 12
    assert loss[0] == pytest.approx(np.log2(300), abs=0.5), "an untrained model knows nothing"
    assert loss[-1] < loss[0] - 2
    assert [step for step, _ in trained.curve.held_out] == [4, 8, 12]
    assert trained.curve.held_out[-1][1] < trained.curve.held_out[0][1]


def test_stopping_and_going_on_changes_nothing(books: Path, trained: Trained, tmp_path: Path) -> None:
    for steps in (3, 8, 9, None):
        parts = train(books, tmp_path, make_recipe(), report=silent, steps=steps)
    assert parts.curve.loss == trained.curve.loss
    for name, weight in weights(parts).items():
        assert torch.equal(weight, weights(trained)[name]), name


def test_a_finished_training_is_not_trained_further(books: Path, tmp_path: Path) -> None:
    train(books, tmp_path, make_recipe(), report=silent)
    before = (tmp_path / CHECKPOINT).read_bytes()
    again = train(books, tmp_path, make_recipe(), report=silent)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert again.curve.n_steps == 12


@pytest.mark.parametrize("length", [32, 64])
def test_a_batchs_gradient_is_transformers_own(length: int) -> None:
    recipe = make_recipe(data__repeated_shares=[[0.0, 0.0]])
    torch.manual_seed(0)
    model = GPT2LMHeadModel(gpt2_config(recipe))
    random = np.random.default_rng(length)
    inputs = random.integers(0, 300, (512 // length, length))
    targets = random.integers(0, 300, inputs.shape)
    targets[0, : length // 2] = NOT_LEARNT
    weights = random.choice([1.0, 5.0], len(inputs)).astype(np.float32)
    positions = np.broadcast_to(np.arange(length), inputs.shape).copy()
    if length < 64:
        positions[1] += 7
    with module._Passes(model, recipe) as passes:
        loss, gradients = passes.of_batch(Batch(inputs, targets, positions, weights))
    nats = torch.nn.functional.cross_entropy(
        model(torch.from_numpy(inputs), position_ids=torch.from_numpy(positions)).logits.flatten(0, 1),
        torch.from_numpy(targets).flatten(),
        ignore_index=NOT_LEARNT,
        reduction="none",
    )
    each = torch.from_numpy(np.where(targets == NOT_LEARNT, 0, weights[:, None])).flatten()
    wanted = (nats * each).sum() / each.sum()
    assert loss == pytest.approx(nats.sum().item() / (targets != NOT_LEARNT).sum(), rel=5e-3)
    for (name, _), mine, theirs in zip(
        model.named_parameters(), gradients, torch.autograd.grad(wanted, list(model.parameters())), strict=True
    ):
        assert mine.dtype == torch.float32
        gap = (mine - theirs).norm() / theirs.norm().clamp(min=1e-6)
        assert gap < 0.05 or "c_attn.bias" in name, (name, float(gap))  # a key's bias has no gradient but noise


def test_held_out_bits_are_transformers_own(trained: Trained) -> None:
    with module._Passes(trained.module, make_recipe()) as passes:
        found = passes.held_out_bits(trained.packed.held_out_ids)
    ids = torch.from_numpy(trained.packed.held_out_ids.astype(np.int64))
    rows = [ids[start : start + 65] for start in np.linspace(0, len(ids) - 65, 32).astype(int)]
    with torch.no_grad():
        log_probabilities = [trained.module(row[None, :-1]).logits[0].log_softmax(-1) for row in rows]
    bits = [-each[range(64), row[1:]].mean() / np.log(2) for each, row in zip(log_probabilities, rows, strict=True)]
    assert found == pytest.approx(float(torch.stack(bits).mean()), rel=5e-3)


def test_the_schedule_warms_up_and_falls_along_a_cosine() -> None:
    shares = [module._schedule(step, 1000, 0.1) for step in range(1000)]
    assert shares[:3] == pytest.approx([0.01, 0.02, 0.03])
    assert max(shares) == pytest.approx(1.0, abs=1e-9)
    assert shares[550] == pytest.approx(0.5, abs=1e-3)
    assert shares[-1] < 1e-4
    assert np.diff(shares)[:99].min() > 0 > np.diff(shares)[101:].max()


def test_ctrl_c_leaves_the_last_checkpoint_whole(books: Path, trained: Trained, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.message.id == "training-step" and progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(books, tmp_path, make_recipe(), report=stop)
    resumed = train(books, tmp_path, make_recipe(), report=silent)
    assert resumed.curve.loss == trained.curve.loss


def test_a_killed_process_leaves_the_last_checkpoint_whole(books: Path, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; import sys; from explorer.training.train import train;"
        "from tests.training.conftest import make_recipe, silent;"
        "train(Path(sys.argv[1]), Path(sys.argv[2]),"
        "make_recipe(training__tokens=512 * 4000, training__checkpoint_every=1), report=silent)"
    )
    running = subprocess.Popen([sys.executable, "-c", program, str(books), str(tmp_path)])
    deadline = time.monotonic() + 120
    while not (tmp_path / CHECKPOINT).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # in the midst of writing one, as likely as not
    running.send_signal(signal.SIGKILL)
    running.wait()
    recipe = make_recipe(training__tokens=512 * 4000, training__checkpoint_every=1)
    before = checkpoint.restore(
        tmp_path / CHECKPOINT, *(lambda m: (m, module._optimizers(m, recipe)))(GPT2LMHeadModel(gpt2_config(recipe)))
    )
    assert before.n_steps >= 1
    after = train(books, tmp_path, recipe, report=silent, steps=before.n_steps + 2)
    assert after.curve.loss[: before.n_steps] == before.loss
    assert after.curve.n_steps == before.n_steps + 2


def test_a_disk_that_fills_up_leaves_the_last_checkpoint_whole(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(books, tmp_path, make_recipe(), report=silent, steps=4)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def fill(_tensors: object, file: Path, **_: object) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "save_file", fill)
    with pytest.raises(ExplorerError, match="is full"):
        train(books, tmp_path, make_recipe(), report=silent)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert not list(tmp_path.glob("*unfinished*"))
    assert not list(tmp_path.glob(".*unfinished*"))


def test_it_does_not_begin_without_room(books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(ExplorerError, match="MB are needed"):
        train(books, tmp_path / "work", make_recipe(), report=silent)
    assert not (tmp_path / "work").exists()


def test_a_damaged_checkpoint_or_another_shape_gets_a_sentence(books: Path, tmp_path: Path) -> None:
    train(books, tmp_path, make_recipe(), report=silent, steps=1)
    with pytest.raises(ExplorerError, match=r"checkpoint.safetensors” cannot be read"):
        train(books, tmp_path, make_recipe(model__n_layer=3), report=silent)
    with pytest.raises(ExplorerError, match=r"checkpoint.safetensors” cannot be read"):
        train(books, tmp_path, make_recipe(model__n_embd=48), report=silent)
    file = tmp_path / CHECKPOINT
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ExplorerError, match=r"checkpoint.safetensors” cannot be read"):
        train(books, tmp_path, make_recipe(), report=silent)


def test_a_loss_that_is_no_number_ends_the_training_and_is_not_saved(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(books, tmp_path, make_recipe(), report=silent, steps=4)
    before = (tmp_path / CHECKPOINT).read_bytes()
    real = module._Passes.of_batch
    monkeypatch.setattr(module._Passes, "of_batch", lambda self, batch: (float("nan"), real(self, batch)[1]))
    with pytest.raises(ExplorerError, match="loss of step 5 is no number"):
        train(books, tmp_path, make_recipe(), report=silent)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_muon_takes_the_blocks_matrices_and_adamw_the_rest() -> None:
    recipe = make_recipe()
    model = GPT2LMHeadModel(gpt2_config(recipe))
    muon, adamw = module._optimizers(model, recipe)
    assert isinstance(muon, torch.optim.Muon)
    taken = [{id(p) for group in each.param_groups for p in group["params"]} for each in (muon, adamw)]
    names = {id(p): name for name, p in model.named_parameters()}
    assert sorted({names[i].split(".", 3)[-1] for i in taken[0]}) == [
        "attn.c_attn.weight",
        "attn.c_proj.weight",
        "mlp.c_fc.weight",
        "mlp.c_proj.weight",
    ]
    assert not taken[0] & taken[1]
    assert taken[0] | taken[1] == set(names)


def test_batches_of_a_training_are_those_of_its_ids(trained: Trained) -> None:
    batch = Batches(trained.packed.ids, make_recipe()).at(0)
    assert batch.inputs.max() < 300


def test_positions_begin_as_waves_that_tell_neighbours_apart() -> None:
    torch.manual_seed(0)
    positions = 0.02 * torch.randn(512, 192)
    module._begin_as_waves(positions, 0.15)
    alike = torch.nn.functional.cosine_similarity(
        positions[:-8, None], torch.stack([positions[k : k - 8 or None] for k in range(8)], 1), dim=-1
    )
    assert alike[:, 0].min() > 0.999
    assert alike[:, 1].max() < 0.95
    assert (alike.mean(0).diff() < 0).all(), "the nearer, the more alike"


def test_positions_learn_at_their_own_rate() -> None:
    recipe = make_recipe()
    _, adamw = module._optimizers(GPT2LMHeadModel(gpt2_config(recipe)), recipe)
    assert [group["initial_lr"] for group in adamw.param_groups] == [0.01, 0.002]
    assert [tuple(p.shape) for p in adamw.param_groups[1]["params"]] == [(64, 32)]
