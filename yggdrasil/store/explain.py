"""A block of any level in words: what goes in, what each part does in order, loops and branches, what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yggdrasil.contract.block import Block, description
from yggdrasil.contract.missing_roles import lacking
from yggdrasil.contract.ports import Ports
from yggdrasil.engine.cycle.cycle_stages import ORDER
from yggdrasil.engine.flow.plan import PlannedCall, Round
from yggdrasil.levels.choose import ChoiceBlock
from yggdrasil.levels.graph import Graph
from yggdrasil.levels.loop import LoopBlock
from yggdrasil.store.locale import russian

_WORDS: dict[str, tuple[str, str]] = {
    "takes": ("Takes", "Принимает"),
    "gives": ("Gives", "Отдаёт"),
    "lacks": ("Lacks", "Недостаёт"),
    "nothing": ("nothing", "ничего"),
    "of": ("from", "из"),
    "again": ("is called again as {}", "зовётся ещё раз как {}"),
    "times": ("{} rounds of", "{} кругов:"),
    "until": ("Round after round, until {} is nothing:", "Круг за кругом, пока {} не станет пустым:"),
    "rounds": ("Rounds of {}", "Круги: {}"),
    "ends": ("until {}", "до {}"),
    "branch": ("One of these, by {}:", "Одно из этих, по {}:"),
    "parts": ("Its parts:", "Его части:"),
}


def explain(block: Block) -> str:
    """What a block does, in English or Russian by the locale; descriptions stay as their authors wrote them."""
    lines = [f"{block.name} ({block.kind}). {_first(block)}".rstrip(), f"{_say('takes')}: {_ports(block.inputs)}."]
    lines += [f"{_say('lacks')}: {name}: {how}." for name, how in lacking(block).items()]
    lines += _inside(block, 0)
    return "\n".join([*lines, f"{_say('gives')}: {_ports(block.outputs)}."])


def _say(key: str, *words: object) -> str:
    return _WORDS[key][russian()].format(*words)


def _first(block: Block) -> str:
    """The first sentence of what it says of itself."""
    text = " ".join(description(block).split())
    return re.split(r"(?<=[.!?])\s(?=[^\da-zа-я])", text, maxsplit=1)[0]


def _ports(ports: Ports) -> str:
    told = (f"{n} ({p.kind.name}{'' if p.required else '?'})" for n, p in ports.items())
    return ", ".join(told) or _say("nothing")


def _inside(block: Block, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if isinstance(block, Graph):
        for number, step in enumerate(block.plan.steps, 1):
            if not isinstance(step, Round):
                yield from _call(block, step, f"{pad}{number}. ", depth)
                continue
            ends = ".".join(step.until) if step.until is not None else ""
            yield f"{pad}{number}. {_say('until', ends) if ends else _say('times', step.loop.times)}"
            for call in step.calls:
                yield from _call(block, call, f"{pad}   - ", depth + 1)
    elif isinstance(block, LoopBlock):
        ends = f", {_say('ends', block.until)}" if block.until else ""
        yield f"{pad}{_say('rounds', block.times or f'≤ {block.most}')}{ends}:"
        yield from _part("body", block.body, f"{pad}- ", depth)
    elif block.children():
        yield pad + (_say("branch", block.when) if isinstance(block, ChoiceBlock) else _say("parts"))
        parts = block.children()
        for name in [role.name for role in ORDER if role.name in parts] if block.kind == "world" else parts:
            yield from _part(name, parts[name], f"{pad}- ", depth)


def _call(graph: Graph, call: PlannedCall, mark: str, depth: int) -> Iterator[str]:
    node = graph.net.again.get(call.name)
    if node is not None:
        yield f"{mark}{node} {_say('again', call.name)}."
        return
    sources = dict.fromkeys(source[0] for _, found, _ in call.feeds for source in found)
    fed = [name for name in sources if name in graph.net.places]
    yield from _part(call.name, call.block, mark, depth, f" ({_say('of')} {', '.join(fed)})" if fed else "")


def _part(name: str, part: Block, mark: str, depth: int, fed: str = "") -> Iterator[str]:
    yield f"{mark}{name}{fed}: {_first(part)}".rstrip(": ")
    yield from _inside(part, depth + 1)
