"""A graph without a block of some role says which one is missing, and who would take what it was given."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from tests.cli.command import ygg as command
from yggdrasil.testing import ScriptedModel, says


def without(graph: ygg.Graph, *names: str) -> ygg.Graph:
    made = ygg.Graph("own")
    for name, block in graph.children().items():
        if name not in names:
            made.add(block, name)
    return made


@pytest.mark.parametrize(
    ("missing", "given", "said"),
    [
        ("Tokenizer", {"prompt": "a fox"}, "no input 'prompt': it is for a Tokenizer.*add a Tokenizer"),
        ("Tokenizer", {}, "'token_ids'.*is missing.*add a Tokenizer"),
        ("Guidance", {"prompt": "a fox", "guidance_scale": 3.0}, "no input 'guidance_scale'.*add a Guidance"),
        ("Conditioner", {"prompt": "a fox"}, "'condition'.*is missing.*a Conditioner"),
        ("Solver", {"prompt": "a fox", "steps": 3}, "no input 'steps': it is for a Solver.*add a Solver"),
        ("Solver", {"prompt": "a fox", "seed": 3}, "no input 'seed': it is for a Solver.*add a Solver"),
    ],
)
def test_what_a_missing_role_would_take_or_give_is_named(
    tmp_path: Path, missing: str, given: dict[str, object], said: str
) -> None:
    whole = painter(tmp_path)
    names = [name for name, block in whole.children().items() if block.role == missing]
    with pytest.raises(ygg.PortError, match=said):
        without(whole, *names).run(**given)


def test_a_graph_without_a_backbone_shows_no_odd_inputs_but_says_what_is_missing(tmp_path: Path) -> None:
    whole = painter(tmp_path)
    backbones = [name for name, block in whole.children().items() if block.role == "Backbone"]
    with pytest.raises(ygg.WiringError, match=r"pred_cond has no source.*add a Backbone"):
        _ = without(whole, *backbones).inputs


def test_a_role_that_nothing_here_would_feed_is_not_asked_for() -> None:
    asked = ygg.Graph("asked").add(ygg.Agent(ScriptedModel([says("Yes.")])), "agent")
    for name in ("steps", "seed", "guidance_scale"):
        with pytest.raises(ygg.PortError, match=rf"no input '{name}'\. (did you mean|known here)"):
            asked.run(prompt="Is it?", **{name: 1})


def test_what_a_graph_lacks_is_told_where_it_is_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = painter(tmp_path)
    solvers = [name for name, block in whole.children().items() if block.role == "Solver"]
    bare = without(whole, *solvers)
    monkeypatch.setenv("LC_ALL", "C")
    assert "Lacks: timestep: add a Solver (its `next_timestep`)." in ygg.explain(bare)
    assert "Lacks" not in ygg.explain(whole)
    saved = str(ygg.save(bare, tmp_path / "bare"))
    assert command(monkeypatch, "describe", saved) == 0
    assert "? timestep: add a Solver" in capsys.readouterr().out
    assert command(monkeypatch, "describe", saved, "--json") == 0
    assert "timestep" in json.loads(capsys.readouterr().out)["lacks"]


def test_without_a_guidance_the_picture_is_that_of_one_prediction(tmp_path: Path) -> None:
    whole = painter(tmp_path)
    guidances = [name for name, block in whole.children().items() if block.role == "Guidance"]
    bare = without(whole, *guidances)
    assert "guidance_scale" not in bare.inputs and "guidance_scale" in whole.inputs
    told = bare.run(prompt="a fox", seed=1, steps=2).image.tobytes()
    assert told == whole.run(prompt="a fox", seed=1, steps=2, guidance_scale=1.0).image.tobytes()


def test_a_part_of_a_name_finds_the_whole() -> None:
    from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver

    with pytest.raises(ygg.ConfigError, match=r"did you mean .*EulerDiscreteScheduler"):
        SchedulerSolver(scheduler=cast(Any, "Euler"))
