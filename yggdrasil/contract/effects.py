"""An effect in the journal together with what its block remembers after it, so that a replay restores both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import Paused


def remembered(name: str, inputs: Any, key: str, block: Block | None, act: Callable[[], Any]) -> Any:
    """What `act` gives (JSON), acted at most once for this place, name and inputs, also over restarts.

    It stands in the journal under `key`, beside what every part of `block` remembers; where it is answered from
    there, they remember that again. Raises what `act` raises; a question is asked by the part that asks it.
    """
    ran, place = False, here()

    def acted() -> dict[str, Any]:
        nonlocal ran
        ran = True
        try:
            value = act()
        except Paused as pause:
            pause.recorded = True
            raise
        life = place.session.states(block, place.path) if block is not None else {}
        return {key: value, **({"life": life} if life else {})}

    done: dict[str, Any] = place.once(name, inputs, acted)
    if not ran and block is not None and "life" in done:
        place.session.restore(block, place.path, done["life"])
    return done[key]
