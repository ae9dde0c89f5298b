"""Values and blocks as a notebook shows them: pictures and sounds as they are, the parts of a block as a tree."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from yggdrasil.contract.brief import shown_briefly
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.value_forms import PICTURE, SOUND
from yggdrasil.contract.values import encode, form_of

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

_MOST = 16
"""How many members of a list are shown."""
_STEPS = 3
"""How many steps of a world are shown, the last ones."""


def outputs_as_html(outputs: Mapping[str, Any]) -> str:
    """A table: the name of each output and what it is."""
    return table(("output", "value"), ((html.escape(name), value_as_html(value)) for name, value in outputs.items()))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def value_as_html(value: Any) -> str:
    """A picture, a sound, or a few words."""
    if isinstance(value, list) and any(form_of(part) is not None for part in cast(list[Any], value)):
        return " ".join(value_as_html(part) for part in cast(list[Any], value)[:_MOST])
    form = form_of(value)
    if form in (PICTURE, SOUND):
        try:
            return media_as_html(*encode(value))
        except YggError:  # a value that has no bytes, such as a sound with NaN, is told in words
            return html.escape(shown_briefly(value))
    if isinstance(value, str):
        return html.escape(value).replace("\n", "<br>")
    return f"<code>{html.escape(shown_briefly(value))}</code>"


def media_as_html(data: bytes, media_type: str) -> str:
    """Bytes of a picture or a sound, shown without any file."""
    source = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return f'<audio controls src="{source}"></audio>' if media_type.startswith("audio/") else f'<img src="{source}">'


def block_as_html(block: Block) -> str:
    """What a block is: its ports, and its parts as a tree with the edges that lead to each."""
    ports = " → ".join(", ".join(map(html.escape, side)) or "—" for side in (block.inputs, block.outputs))
    head = f"<b>{html.escape(block.name)}</b> <small>{html.escape(block.kind)} {html.escape(block.type_name)}</small>"
    return f"<div>{head}<br><code>{ports}</code>{_life(block)}{_parts(block)}</div>"


def _life(block: Block) -> str:
    """The last steps of a world that has lived, with their pictures."""
    if block.kind != "world" or not block.founding():
        return ""
    history: Any = getattr(block, "history", list)
    return "".join(step._repr_html_() for step in history()[-_STEPS:])


def _parts(block: Block) -> str:
    children = block.children()
    if not children:
        return ""
    edges: list[str] = block.structure().get("edges", [])
    into = {name: [edge.split(" -> ")[0] for edge in edges if f" -> {name}." in edge] for name in children}
    rows = (
        f"<li>{html.escape(name)} <small>{html.escape(part.type_name)}"
        f"{html.escape(' ← ' + ', '.join(into[name])) if into[name] else ''}</small>{_parts(part)}</li>"
        for name, part in children.items()
    )
    return f"<ul>{''.join(rows)}</ul>"
