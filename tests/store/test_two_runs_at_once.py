"""Two runs at once on one loaded graph: each paints what it paints alone (case N1, without adapters)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.store.tiny_pipeline import pipeline, saved
from yggdrasil.contract import PortError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
ASKED: tuple[dict[str, Any], ...] = (
    {"prompt": "a fox in snow", "seed": 1, "steps": 10},
    {"prompt": "a castle at night", "negative_prompt": "rain", "seed": 2, "steps": 20},
)


@pytest.mark.parametrize("rounds", [8, pytest.param(50, marks=pytest.mark.system)])
def test_n1_rounds_of_two_equal_each_alone(tmp_path: Path, rounds: int) -> None:
    graph: Any = ygg.from_diffusers(saved(pipeline("EulerAncestralDiscreteScheduler", steps_offset=1), tmp_path / "sd"))
    graph.cache = None

    def painted(asked: dict[str, Any]) -> bytes:
        return graph.run(**asked).image.tobytes()

    alone = [painted(asked) for asked in ASKED]
    assert alone[0] != alone[1]
    module = graph["backbone"].worn_module()
    with ThreadPoolExecutor(3) as pool:
        for number in range(rounds):
            both = [pool.submit(painted, asked) for asked in ASKED]
            if number % 10 == 0:
                with pytest.raises(PortError):
                    pool.submit(painted, {"prompt": "a fox", "steps": "many"}).result()
            assert [one.result() for one in both] == alone, "a run that raises leaves the graph to the others"
    assert graph["backbone"].worn_module() is module, "one storage of weights for both"
