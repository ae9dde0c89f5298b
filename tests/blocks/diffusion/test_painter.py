"""The painter of the shelf is its blocks, added without one edge; it paints the same for two who ask at once."""

import threading

import pytest

import yggdrasil as ygg
from yggdrasil.contract.tree import describe

pytestmark = pytest.mark.models


def test_the_painter_is_what_its_roles_wire() -> None:
    painter = ygg.load("painter")
    asked = [{"prompt": "a fox in a forest", "seed": 1, "steps": 2}, {"prompt": "a castle", "seed": 2, "steps": 4}]
    alone = [painter.run(**a).image.tobytes() for a in asked]

    drawn = ygg.Graph("painter")
    for name, block in painter.children().items():
        drawn.add(block, name)
    _ = drawn.plan
    drawn.defaults = dict(painter.structure()["defaults"])
    assert describe(drawn).structure_digest() == describe(painter).structure_digest()

    drawn.cache = None
    found: dict[int, list[bytes]] = {0: [], 1: []}

    def work(i: int) -> None:
        found[i].extend(drawn.run(**asked[i]).image.tobytes() for _ in range(3))

    threads = [threading.Thread(target=work, args=(i,)) for i in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: [alone[i]] * 3 for i in (0, 1)}
