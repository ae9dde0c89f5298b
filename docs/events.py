"""Writes the tables of docs/events.md from the code: what each kind of event holds, and which reasons there are.

    python docs/events.py

A test writes them again and compares, so the page is never older than the code.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.pages import filled
from yggdrasil.cli.translations import codes, spoken
from yggdrasil.contract.events import PASSING, SCHEMAS, USUAL, EventKind, Reason, keys

PAGE = Path(__file__).resolve().parent / "events.md"
WORDS = {
    "started": "часть началась", "skipped": "часть не выполняется", "progress": "столько работы сделано",
    "preview": "незаконченный результат", "tap": "узел дал то, о чём просили `stream(tap=…)`",
    "token": "кусок текста, который пишет модель",
    "thought": "кусок того, что модель думает до ответа; в ответ и память не входит",
    "text": "кусок ответа агента: одни слова, без JSON", "partial": "результат агента, насколько он уже написан",
    "tool_call": "вызван инструмент",
    "tool_result": "инструмент ответил", "artifact": "результат сохранён под своим хешем; текст — и в самом состоянии",
    "note": "стоит знать, но это не сбой", "paused": "запуск ждёт ответа на вопрос",
    "custom": "своё: то, для чего нет другого вида",
    "usage": "модель ответила, и вот чего это стоило; пробный вопрос тоже",
    "finished": "часть закончена, результат стоит; у этапа — уже на диске", "failed": "часть кончилась ошибкой",
    "cancelled": "часть остановлена: закрыт поток, так решил человек или сбой рядом",
}  # fmt: skip
KEYS = {
    "type": "имя типа", "block_kind": "уровень", "step": "шаг мира", "recorded": "читается журнал, ничего не идёт",
    "reason": "почему", "done": "сделано", "of": "всего", "unit": "в чём считается", "image": "картина",
    "text": "текст", "again": "слова до этого ответом не были, он начинается здесь",
    "tool": "имя инструмента", "arguments": "с чем вызван", "id": "одно у вызова и ответа",
    "result": "что ответил", "sha256": "имя в хранилище", "media_type": "вид", "size": "байт",
    "slot": "место в состоянии", "port": "выход", "round": "какой круг или вызов, от 1", "value": "значение",
    "name": "что это",
    "code": "код заметки", "args": "что нужно предложению", "ask": "вопрос", "seconds": "сколько шло",
    "prompt": "прочитано токенов", "completion": "написано токенов", "cost": "цена в валюте цен модели",
    "model": "имя модели", "error": "класс ошибки", "message": "что сказала",
}  # fmt: skip
TYPES: dict[Any, str] = {str: "текст", int: "целое", float: "число", bool: "да/нет", Any: "значение", Reason: "причина"}


def kinds() -> str:
    """A row a kind: its keys with their types, whether a reader hears it unasked, whether it may be dropped."""
    rows = ["| вид | что значит | ключи `data` | без просьбы | в тесноте |", "|---|---|---|---|---|"]
    for kind in get_args(EventKind):
        told = "; ".join(_key(name, *about) for name, about in keys(SCHEMAS[kind]).items())
        asked, first = ("да" if kind in USUAL else "нет"), ("уходит первым" if kind in PASSING else "остаётся")
        rows.append(f"| `{kind}` | {WORDS[kind]} | {told or '—'} | {asked} | {first} |")
    return "\n".join(rows)


def _key(name: str, hint: Any, required: bool) -> str:
    parts = get_args(hint) if hint not in TYPES else ()
    kind = TYPES.get(hint) or (
        "объект" if getattr(hint, "__origin__", None) is dict else " или ".join(TYPES.get(p, "null") for p in parts)
    )
    return f"`{name}`{'' if required else '?'} — {KEYS[name]} ({kind})"


def reasons() -> str:
    """A row a code: its arguments, and the sentence about it in both languages."""
    rows = ["| код | `args` | по-русски | по-английски |", "|---|---|---|---|"]
    for code in codes("why_"):
        english, russian = spoken(f"why_{code}")
        args = [f"`{field}`" for _, field, _, _ in string.Formatter().parse(english) if field]
        rows.append(f"| `{code}` | {', '.join(args) or '—'} | {russian} | {english} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with its tables written anew."""
    return filled(page, kinds=kinds(), reasons=reasons())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
