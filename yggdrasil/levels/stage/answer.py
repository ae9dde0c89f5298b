"""What a stage's body gave, as the block that the stage writes; checked here, so that no body can break a state."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract.context import here
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.plain import NotPlain, as_plain_json
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.values import form_of, store
from yggdrasil.engine.cycle.cycle_stages import ROLES


class BlockError(YggError):
    """A stage's body gave something that its block of the state does not hold."""


def written(plays: str, outputs: dict[str, Any], tool: str, where: str) -> tuple[Any, dict[str, Any]]:
    """The block's value and what stands beside it, out of a body's outputs.

    An output of the block's name counts first, then `result`, then a lone one; a lone text is {"text": …}.
    Raises BlockError that names the place and what the block holds.
    """
    block = ROLES[plays].writes or "operations"
    value = _stored(outputs) if plays == "creator" else {}
    value = value or _chosen(block, outputs, where)
    beside = {"failures": outputs["failures"]} if outputs.get("failures") else {}
    if plays == "architect":
        value = _planned(value, tool)
    if isinstance(value, str) and block != "operations":
        value = {"text": value} if value.strip() else {}
    inner = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    if block == "operations" and block in inner:
        beside |= {name: part for name, part in inner.items() if name != block}
        inner = {block: inner[block]}
    if set(inner) <= {block, "failures"} and block in inner:
        beside |= {"failures": inner["failures"]} if inner.get("failures") else {}
        value = inner[block]
    value, beside = _plain(block, value, where), _plain(block, beside, where)
    _check(block, value, where)
    return value, beside


def _plain(block: str, value: Any, where: str) -> Any:
    """The value as the state keeps it."""
    try:
        return as_plain_json(value, block)
    except NotPlain as odd:
        raise BlockError(f"wrote what no state holds: {odd.where} {odd.what}", where=where, mend=odd.mend) from None


def _stored(outputs: dict[str, Any]) -> dict[str, Any]:
    """Artifacts of the pictures, sounds and other large values that a plain Creator body gave, by output port."""
    large = {k: v for k, v in outputs.items() if form_of(v) is not None}
    return {name: store(value, here().artifacts) for name, value in large.items()}


def _chosen(block: str, outputs: dict[str, Any], where: str) -> Any:
    if "paints" in outputs:
        return outputs
    for name in (block, "result"):
        if outputs.get(name) is not None:
            return outputs[name]
    rest = {k: v for k, v in outputs.items() if k != "failures" and v is not None}
    if len(rest) == 1:
        return next(iter(rest.values()))
    if not rest:
        return {}
    if isinstance(rest.get("text"), str):
        return rest
    raise BlockError(
        f"its body gives {', '.join(rest)}, and none of them is {block!r}",
        where=where,
        mend=f"name one output {block!r} or 'result', or give one output only",
    )


def _planned(value: Any, tool: str) -> Any:
    """A list of calls or of paints, or one text to paint, becomes a plan of tool calls, each with a seed of its own."""
    if isinstance(value, str):
        value = {"paints": [{"prompt": value}] if value.strip() else []}
    known = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    calls = known.get("calls", known.get("paints"))
    if not isinstance(calls, list):
        return value
    plan: dict[str, Any] = {}
    for number, call in enumerate(cast(list[dict[str, Any]], calls)):
        slot = str(call.get("slot") or f"scene{number or ''}")
        while slot in plan:
            slot += "_"
        seed = derive_seed(here().seed, slot) % 2**32
        given = call.get("arguments", {"prompt": call.get("prompt")})
        plan[slot] = {"tool": str(call.get("tool") or tool), "arguments": {**given, "seed": seed}}
    return plan


def _check(block: str, value: Any, where: str) -> None:
    if block == "operations":
        if not isinstance(value, list):
            raise _wrong(block, value, where, "a list of operations")
        return
    if not isinstance(value, dict):
        raise _wrong(block, value, where, "an object")
    mapping = cast(dict[str, Any], value)
    if block == "plan":
        for slot, call in mapping.items():
            if not _is_call(call):
                raise _wrong(f"plan.{slot}", call, where, '{"tool": …, "arguments": {…}}')
    if block in ("artifacts", "perception"):
        for slot, entry in mapping.items():
            if not isinstance(entry, dict):
                raise _wrong(f"{block}.{slot}", entry, where, "an object for each slot")
    if block in ("chronicle", "intent") and not isinstance(mapping.get("text", ""), str):
        raise _wrong(f"{block}.text", mapping["text"], where, "text")


def _is_call(call: Any) -> bool:
    if not isinstance(call, dict):
        return False
    entry = cast(dict[str, Any], call)
    return isinstance(entry.get("tool"), str) and isinstance(entry.get("arguments"), dict)


def _wrong(block: str, value: Any, where: str, wanted: str) -> BlockError:
    return BlockError(f"wrote {str(value)[:80]!r} as {block}", where=where, mend=f"it holds {wanted}")
