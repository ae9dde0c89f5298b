"""Grows the world of docs/agents_qwen.md with the 1.5B model of the catalogue and writes the page anew."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from yggdrasil import World, listening
from yggdrasil.contract import Event

DOCS = Path(__file__).resolve().parent.parent / "docs"
MODEL, WISH, SEED, STEPS, SIDE = "qwen2.5-coder-1.5b", "a norse fishing village in winter", 7, 4, 192
HEAD = f"""# Агенты с инструментами: {MODEL}

Тот же шаблон мира, другая модель (`--llm {MODEL}`, 1,1 ГБ, llama.cpp в отдельном процессе): каждый ход связан схемой,
агент сам выбирает, что посмотреть в мире, и хроника — проза. Ничего не подправлено; страницу пишет
`python benchmarks/agents.py`.

![Картины](images/agents.png)
"""


def main() -> None:
    calls: list[str] = []

    def note(event: Event) -> None:
        if event.kind == "tool_call":
            arguments = ", ".join(f"{k}={v!r}" for k, v in event.data["arguments"].items())
            calls.append(f"`{event.data['tool']}({arguments})`")

    page, began = [HEAD], time.monotonic()
    sheet = Image.new("RGB", (STEPS * SIDE, SIDE))
    with TemporaryDirectory() as folder, listening(note, inline=True):
        world = World.from_template("storytelling", wish=WISH, seed=SEED, llm=MODEL, home=folder)
        for column, step in enumerate(world.steps(STEPS)):
            picture = step.pictures[0]
            sheet.paste(Image.open(picture["path"]).resize((SIDE, SIDE)), (column * SIDE, 0))
            seen = step.perception[picture["slot"]]["text"]
            page += [f"{step.step}. {step.chronicle}", f"   <br>план: {step.intent['text']}"]
            page += [f"   <br>вызовы: {'; '.join(calls)}", f"   <br>увидено: {seen}"]
            calls.clear()
        world.close()
    seconds = (time.monotonic() - began) / STEPS
    page += ["", f"Пожелание «{WISH}», зерно {SEED}; {seconds:.0f} с на шаг с основанием мира.", ""]
    sheet.save(DOCS / "images" / "agents.png")
    (DOCS / "agents_qwen.md").write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
