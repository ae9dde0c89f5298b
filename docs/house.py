"""Draws the house from its code: a box a floor, its rooms inside, an arrow as thick as the imports it stands for.

An arrow that follows from two others is left out.

    python docs/house.py

writes docs/images/house.svg; a test draws it again and compares, so the drawing is never older than the code.
"""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.test_floors import FILES, PACKAGE, floor, imports

PICTURE = PACKAGE.parent / "docs" / "images" / "house.svg"
ROWS = (
    ("cli", "storytelling", "testing"),
    ("store",),
    ("agent", "levels", "state"),
    ("engine/flow", "engine/cycle"),
    ("blocks", "plugins"),
    ("contract",),
)
NAMES = {
    "cli": "лица", "testing": "проверка", "storytelling": "жанры", "store": "глаголы", "agent": "имена: агенты",
    "levels": "имена: уровни", "state": "имена: состояние",
    "engine/flow": "движок потока", "engine/cycle": "движок цикла",
    "blocks": "блоки", "plugins": "свои плагины", "contract": "договор",
}  # fmt: skip
WIDTH, HEIGHT, GAP, MARGIN = 900, 62, 46, 16
INK, PAPER, LINE = "#1f2933", "#f4f1ea", "#9a6b3f"


def counted() -> tuple[Counter[str], Counter[tuple[str, str]], dict[str, list[str]]]:
    """Lines a floor, imports between two floors, and the rooms (folders and files) of each floor."""
    lines: Counter[str] = Counter()
    arrows: Counter[tuple[str, str]] = Counter()
    inside: dict[str, list[str]] = {}
    for path in FILES:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        own = floor(parts)
        if own not in NAMES:
            continue
        lines[own] += len(path.read_text(encoding="utf-8").splitlines())
        room = parts[own.count("/") + 1] if parts[0] == own.partition("/")[0] else parts[0]
        if room != "__init__" and room not in inside.setdefault(own, []):
            inside[own].append(room)
        for _, module in imports(path):
            target = floor(tuple(module.split(".")[1:])) if module.startswith("yggdrasil.") else ""
            if target in NAMES and target != own:
                arrows[own, target] += 1
    return lines, arrows, inside


def boxes() -> dict[str, tuple[float, float, float]]:
    """Left, top and width of each floor's box, in pixels."""
    found: dict[str, tuple[float, float, float]] = {}
    for row, names in enumerate(ROWS):
        width = (WIDTH - 2 * MARGIN - (len(names) - 1) * GAP) / len(names)
        for column, name in enumerate(names):
            found[name] = (MARGIN + column * (width + GAP), MARGIN + row * (HEIGHT + GAP), width)
    return found


def drawn() -> str:
    lines, arrows, inside = counted()
    places = boxes()
    height = 2 * MARGIN + len(ROWS) * (HEIGHT + GAP) - GAP
    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" orient="auto"'
        f' markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>',
    ]
    for (own, target), count in sorted(arrows.items()):
        if _follows(own, target, arrows):
            continue
        made.append(_arrow(places[own], places[target], own, target, count))
    for name, (left, top, width) in places.items():
        rooms = " · ".join(sorted(inside.get(name, [])))
        rooms = textwrap.shorten(rooms, int(width / 6.2), placeholder=" …")
        made += [
            f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{HEIGHT}" rx="8" fill="{PAPER}"'
            f' stroke="{INK}"/>',
            f'<text x="{left + 12:.0f}" y="{top + 22}" font-size="15" fill="{INK}"><tspan font-weight="bold">{name}'
            f"</tspan> — {NAMES[name]}</text>",
            f'<text x="{left + 12:.0f}" y="{top + 42}" font-size="11" fill="{INK}">{rooms}</text>',
            f'<text x="{left + width - 10:.0f}" y="{top + 55}" font-size="10" fill="#7b8794" text-anchor="end">'
            f"{_rounded(lines[name])} строк</text>",
        ]
    return "\n".join([*made, "</svg>", ""])


def _follows(own: str, target: str, arrows: Counter[tuple[str, str]]) -> bool:
    """Whether the arrow goes without saying, since a floor between the two has both."""
    rank = {name: row for row, names in enumerate(ROWS) for name in names}
    between = [name for name in rank if rank[own] < rank[name] < rank[target]]
    return any((own, name) in arrows and (name, target) in arrows for name in between)


def _arrow(start: tuple[float, float, float], end: tuple[float, float, float], own: str, target: str, n: int) -> str:
    """From the foot of one box to the top of another; side by side where both stand in one row."""
    order = [name for names in ROWS for name in names]
    slot = (order.index(target) + 1) / (len(order) + 1)
    back = (order.index(own) + 1) / (len(order) + 1)
    thick = 0.6 + min(n, 60) ** 0.5 / 2.2
    if start[1] == end[1]:
        right = start[0] < end[0]
        y = start[1] + HEIGHT * (0.38 if right else 0.62)
        ends = (start[0] + start[2], end[0]) if right else (start[0], end[0] + end[2])
        path = f"M{ends[0]:.0f} {y:.0f}L{ends[1]:.0f} {y:.0f}"
        if abs(start[0] - end[0]) > start[2] + GAP + 1:
            x1, x2, y = start[0] + start[2] / 2, end[0] + end[2] / 2, start[1] + HEIGHT
            path = f"M{x1:.0f} {y:.0f}C{x1:.0f} {y + 34:.0f} {x2:.0f} {y + 34:.0f} {x2:.0f} {y:.0f}"
    else:
        x1, x2 = start[0] + start[2] * slot, end[0] + end[2] * back
        y1, y2 = start[1] + HEIGHT, end[1]
        bend = min(60.0, (y2 - y1) / 2)
        path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"
    how = f'fill="none" stroke="{LINE}" stroke-opacity=".55" stroke-width="{thick:.1f}" marker-end="url(#a)"'
    return f'<path d="{path}" {how}/>'


def _rounded(lines: int) -> str:
    """To five hundred, so that the drawing does not change with every line."""
    return str(round(lines / 500) * 500)


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
