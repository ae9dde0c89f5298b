"""A solver by the name of its scheduler takes the place of another, its shape and what its network predicts with it."""

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.blocks.solver.picture import PictureSolver


@pytest.mark.filterwarnings("ignore:__array")
def test_it_is_the_solver_of_that_scheduler(tmp_path: Path) -> None:
    made = ygg.Solver("EulerDiscreteScheduler", shape=(4, 8, 8))
    assert (type(made), made.scheduler, made.shape) == (SchedulerSolver, "EulerDiscreteScheduler", (4, 8, 8))
    graph = painter(tmp_path)
    edges = graph.structure()["edges"]
    graph["solver"] = ygg.Solver("EulerDiscreteScheduler", like=graph["solver"])
    by_hand = painter(tmp_path)
    by_hand["solver"].scheduler = "EulerDiscreteScheduler"  # pyright: ignore[reportAttributeAccessIssue]
    assert graph["solver"].config() == by_hand["solver"].config()
    assert graph.structure()["edges"] == edges
    asked: dict[str, Any] = {"prompt": "a fox", "seed": 1, "steps": 2}
    assert graph.run(**asked).image.tobytes() == by_hand.run(**asked).image.tobytes()


@pytest.mark.filterwarnings("ignore:__array")
def test_what_the_network_predicts_follows_and_nothing_that_the_scheduler_lacks() -> None:
    noise = PictureSolver(
        scheduler="DDIMScheduler", shape=(4, 8, 8), patch=2,
        settings={"beta_schedule": "scaled_linear", "prediction_type": "v_prediction", "clip_sample": False},
    )  # fmt: skip
    made = ygg.Solver("EulerDiscreteScheduler", like=noise, settings={"timestep_spacing": "trailing"})
    assert (type(made), made.config()) == (PictureSolver, {
        "scheduler": "EulerDiscreteScheduler", "shape": [4, 8, 8], "patch": 2,
        "settings": {
            "beta_schedule": "scaled_linear", "prediction_type": "v_prediction", "timestep_spacing": "trailing",
        },
    })  # fmt: skip
    flow = ygg.Solver("DPMSolverMultistepScheduler", like=SchedulerSolver(shape=(8, 16, 16)))
    assert flow.settings == {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
    assert ygg.Solver("FlowMatchEulerDiscreteScheduler", like=flow).shape == (8, 16, 16)


@pytest.mark.parametrize(
    ("name", "like", "said"),
    [
        ("EulerDiscrete", None, "'EulerDiscrete' is none of them: did you mean .*EulerDiscreteScheduler"),
        ("EulerDiscreteSheduler", SchedulerSolver(), "did you mean .*'EulerDiscreteScheduler'"),
        ("DDIMScheduler", SchedulerSolver(), "predicts a flow, which DDIMScheduler does not walk"),
        ("FlowMatchEulerDiscreteScheduler", SchedulerSolver(scheduler="DDIMScheduler"), "predicts noise"),
        ("DDIMScheduler", ygg.Graph("g"), "like= is <graph graph 'g'>"),
    ],
)
def test_a_wrong_name_and_a_walk_that_the_network_does_not_know_are_refused(name: Any, like: Any, said: str) -> None:
    with pytest.raises(ygg.ConfigError, match=said):
        ygg.Solver(name, like=like)
