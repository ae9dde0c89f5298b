"""An effect in the journal together with what its block remembers after it, so that a replay restores both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import Paused


class _Held(BaseException):
    """Carries a pause past the journal of the outer effect, so that the question stands in it once only."""

    def __init__(self, pause: Paused) -> None:
        self.pause = pause
        super().__init__(pause)


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
            raise _Held(pause) from None
        life = place.session.states(block, place.path) if block is not None else {}
        return {key: value, **({"life": life} if life else {})}

    try:
        done: dict[str, Any] = place.once(name, inputs, acted)
    except _Held as held:
        raise held.pause from None
    if not ran and block is not None and "life" in done:
        place.session.restore(block, place.path, done["life"])
    return done[key]
