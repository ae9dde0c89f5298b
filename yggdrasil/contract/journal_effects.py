"""An effect in the journal together with what its block remembers after it, so that a replay restores both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import Paused


def remembered(name: str, inputs: Any, key: str, block: Block | None, act: Callable[[], Any]) -> Any:
    """What `act` gives (JSON), acted at most once for this place, name and inputs, also over restarts.

    It stands in the journal under `key`, beside what every part of `block` remembers; where it is answered from
    there, they remember that again. Where the block may not be repeated, an end that is not known is asked about, and
    the answer is the value. Raises what `act` raises; a question is asked by the part that asks it.
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

    found: Any = place.once(name, inputs, acted, repeat=block is None or may_repeat(block))
    done: dict[str, Any] = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if key not in done:
        return cast("object", found)
    if not ran and block is not None and "life" in done:
        place.session.restore(block, place.path, done["life"])
    return done[key]


def may_repeat(block: Block) -> bool:
    """Whether the block and its parts say that another run does no harm; an agent answers for each of its calls."""
    if block.role == "Agent":
        return True
    return block.repeatable and all(may_repeat(part) for part in block.children().values())
