"""What the command says, in Russian and English, chosen by the locale."""

from __future__ import annotations

import os
from functools import cache

_WORDS: dict[str, tuple[str, str]] = {
    "app": ("Worlds that agents grow.", "Миры, которые растят агенты."),
    "new": ("Grow a new world from a wish.", "Вырастить новый мир из пожелания."),
    "step": ("Grow a world on.", "Вести мир дальше."),
    "show": ("Show a world: its steps and what is in it.", "Показать мир: шаги и то, что в нём есть."),
    "history": ("List what each stage did.", "Показать, что делал каждый этап."),
    "fork": ("Begin a branch of the same world at a step.", "Начать ветвь того же мира с шага."),
    "replay": ("Read a recorded world again; calls no model.", "Перечитать записанный мир; модели не вызываются."),
    "run": ("Run a block, graph or agent once.", "Выполнить блок, граф или агента один раз."),
    "describe": ("Show ports, nodes and digests.", "Показать порты, узлы и дайджесты."),
    "validate": ("Check a saved block or world.", "Проверить сохранённый блок или мир."),
    "models": ("Model files: list, pull, verify.", "Файлы моделей: список, загрузка, проверка."),
    "models_list": ("List the catalogue.", "Показать каталог."),
    "models_pull": ("Fetch models and check their hashes.", "Загрузить модели и сверить хеши."),
    "models_verify": ("Check fetched models against their hashes.", "Сверить загруженные модели с хешами."),
    "wish": ("What world you want, in your words.", "Какой мир вы хотите, своими словами."),
    "steps": ("How many steps to grow.", "Сколько шагов вырастить."),
    "at": ("Folder of the world.", "Папка мира."),
    "dir": ("Folder of the world.", "Папка мира."),
    "json": ("Print one JSON value.", "Вывести одно значение JSON."),
    "yes": ("Fetch what is missing without asking.", "Загрузить недостающее без вопросов."),
    "seed": ("Seed of the world.", "Зерно (seed) мира."),
    "style": ("Style, e.g. norse.", "Стиль, например norse."),
    "language": ("Language of the chronicle: en or ru.", "Язык хроники: en или ru."),
    "painter": (
        "What paints: a shelf name, a path, or a folder or hub name (owner/model) of a diffusers pipeline.",
        "Чем рисовать: имя с полки, путь, папка или имя (owner/model) пайплайна diffusers.",
    ),
    "llm": (
        "Model of the agents: a catalogue name, a path, a hub name (owner/model), or openai:MODEL@URL.",
        "Модель агентов: имя из каталога, путь, имя owner/model или openai:МОДЕЛЬ@URL.",
    ),
    "name": ("Name of the world.", "Имя мира."),
    "action": ("What you do in the world.", "Что вы делаете в мире."),
    "count": ("How many steps.", "Сколько шагов."),
    "branch": ("Branch of the world.", "Ветвь мира."),
    "fork_at": ("Step after which the branch begins.", "Шаг, после которого начинается ветвь."),
    "fork_name": ("Name of the branch.", "Имя ветви."),
    "what": (
        "A shelf name, or a path (holds a slash or begins with a dot).",
        "Имя с полки или путь (со слэшем или точкой в начале).",
    ),
    "inputs": ("Inputs as name=value; @file reads a picture.", "Входы как имя=значение; @файл читает картинку."),
    "out": ("Where to write the result.", "Куда записать результат."),
    "models_arg": ("Names from the catalogue.", "Имена из каталога."),
    "debug": ("Show tracebacks.", "Показывать трассировки."),
    "need": ("These models are needed and not here yet:", "Нужны модели, которых здесь ещё нет:"),
    "fetch": ("Fetch them now?", "Загрузить сейчас?"),
    "refused": ("nothing was fetched", "ничего не загружено"),
    "refused_mend": (
        "run again with --yes, or name another model by --llm",
        "повторите с --yes или назовите другую модель через --llm",
    ),
    "fetching": ("fetching", "загрузка"),
    "founding": ("founding the world", "мир основывается"),
    "step_word": ("step", "шаг"),
    "left": ("left", "осталось"),
    "chronicle": ("Chronicle", "Хроника"),
    "pictures": ("Pictures", "Картины"),
    "world_at": ("The world is in", "Мир лежит в"),
    "not_understood": ("not understood in the wish", "в пожелании не понято"),
    "places": ("Places", "Места"),
    "characters": ("People", "Люди"),
    "items": ("Things", "Вещи"),
    "facts": ("Facts", "Факты"),
    "seen": ("seen", "увидено"),
    "forked": ("branch begins after step", "ветвь начинается после шага"),
    "replayed": ("replayed exactly, no model was called; steps:", "воспроизведено точно, модели не вызывались; шагов:"),
    "valid": ("is valid", "в порядке"),
    "stopped": ("stopped; what was finished is kept", "остановлено; законченное сохранено"),
    "cancelled": ("cancelled", "отменён"),
    "error": ("error", "ошибка"),
    "philosopher": ("Philosopher", "Философ"),
    "author": ("Author", "Автор"),
    "update": ("World update", "Обновление мира"),
    "development": ("Development", "Развитие"),
    "architect": ("Architect", "Архитектор"),
    "creator": ("Creator", "Творец"),
    "finished": ("finished", "готово"),
    "skipped": ("skipped", "пропущен"),
    "failed": ("failed", "не удался"),
    "here": ("here", "есть"),
    "not_here": ("not here", "нет"),
    "intact": ("intact", "цел"),
}  # fmt: skip


@cache
def russian() -> bool:
    """Whether the locale asks for Russian (LC_ALL, then LC_MESSAGES, then LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("ru")
    return False


def say(key: str) -> str:
    """The words of `key` in the user's language; a stage or key without words is given as it is."""
    pair = _WORDS.get(key)
    return key if pair is None else pair[1 if russian() else 0]
