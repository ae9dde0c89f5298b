"""Writes the tables of docs/manifest.md from the code: the keys of a manifest, of a file in it, and of a structure.

    python docs/manifest.py

A test writes them again and compares; which digest counts a key is found by changing the key.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.pages import filled
from yggdrasil.contract.edges import Loop
from yggdrasil.contract.manifest import FileEntry, Manifest
from yggdrasil.levels.graph_structure import SHAPES

PAGE = Path(__file__).resolve().parent / "manifest.md"
SHA = "0" * 64
KEYS = {
    "format": ("целое", "номер формата; стоит только у корня", 1, 2),
    "kind": ("имя уровня", "`block`, `graph`, `pipeline`, `stage`, `world` или `universe`", 1, "graph"),
    "type": ("текст", "имя типа из реестра, никогда не путь импорта", 1, "graph"),
    "name": ("текст", "как зовут корень; имя узла — его ключ в `nodes`", 1, "other"),
    "about": ("текст", "что это и как звать: читают люди и модели", 1, "other"),
    "bounds": ("объект", "чего он не берёт (`tokens`, `letters`, списки слов): читают те, кто его зовёт", 1,
               {"tokens": 77}),
    "config": ("объект", "настройки, которые отличаются от умолчаний класса", 1, {"a": 1}),
    "nodes": ("имя → манифест", "части; у каждой те же ключи", 1, {"a": Manifest(type="other")}),
    "structure": ("объект", "рёбра, петли и прочее, что держит части вместе", 1, {"edges": ["a.b -> c.d"]}),
    "files": ("роль → файл", "файлы блока по sha256; веса — `weights`, `weights-2` …", 1,
              {"weights": FileEntry(sha256=SHA)}),
    "ref": ("текст", "вместо описания: `#путь/в/дереве` (тот же объект) или `shelf:ИМЯ` (полка)", 1, "#a"),
    "parameters": ("имя → `ref`", "делает манифест шаблоном: параметр ставит другой блок на место `ref`", 1,
                   {"a": "shelf:b"}),
    "formerly": ("список sha256", "у предмета полки: прежние дайджесты структуры, значащие то же самое", 3, [SHA]),
    "digests": ("имя → sha256", "дайджесты, с которыми это сохранено", 1, {"structure": SHA}),
    "versions": ("имя → версия", "чем сохранено: yggdrasill, torch, diffusers, transformers", 1, {"torch": "0"}),
}  # fmt: skip
FILE_KEYS = {
    "sha256": ("64 цифры", "хеш содержимого; при загрузке сверяется"),
    "path": ("текст", "где файл лежит: путь внутри папки манифеста; наружу и по ссылке — отказ"),
    "source": ("текст", "откуда взять: запись каталога, `МОДЕЛЬ#ФАЙЛ` (`yggdrasil models pull МОДЕЛЬ`)"),
}
SHAPE_KEYS = {
    "edges": ("список", "`узел.выход -> узел.вход`; порты самого графа стоят на узле `self`", 1),
    "loops": ("список", "петли, ключи ниже", 1),
    "joins": ("объект", "`узел.вход` → `list`, `sum` или `first`: как соединить несколько рёбер в один вход", 1),
    "defaults": ("объект", "вход графа → значение, если его не дали", 1),
    "constants": ("объект", "`узел.вход` → значение, которое граф держит сам", 2),
    "again": ("объект", "место → узел, чей блок зовут там ещё раз: остальные входы — как у узла", 3),
}
LOOP_KEYS = {
    "nodes": ("список имён", "что повторяется, по порядку"),
    "carry": ("список рёбер", "что переходит в следующий круг"),
    "until": ("`узел.выход`", "петля кончается, когда там `null`"),
    "times": ("целое", "или после стольких кругов"),
    "preview": ("имя узла", "кто показывает незаконченное"),
}


def counted(key: str, value: Any) -> str:
    """The digests that change with the key."""
    before, after = Manifest(type="block"), Manifest.model_validate({"type": "block", key: value})
    pairs = (
        ("структуры", before.structure_digest() != after.structure_digest()),
        ("весов", before.weights_digest() != after.weights_digest()),
    )
    return ", ".join(name for name, differs in pairs if differs) or "—"


def keys() -> str:
    rows = [f"| `{n}` | {k} | {what} | {counted(n, v)} | {since} |" for n, (k, what, since, v) in
            ((name, KEYS[name]) for name in Manifest.model_fields)]  # fmt: skip
    return "\n".join(["| ключ | вид | что значит | в дайджесте | с формата |", "|---|---|---|---|---|", *rows])


def files() -> str:
    return _three((name, FILE_KEYS[name]) for name in FileEntry.model_fields)


def shapes() -> str:
    rows = [f"| `{n}` | {SHAPE_KEYS[n][0]} | {SHAPE_KEYS[n][1]} | {SHAPE_KEYS[n][2]} |" for n in SHAPES]
    return "\n".join(["| ключ | вид | что значит | с формата |", "|---|---|---|---|", *rows])


def loops() -> str:
    return _three((name, LOOP_KEYS[name]) for name in Loop.__dataclass_fields__)


def _three(rows: Any) -> str:
    lines = [f"| `{name}` | {kind} | {what} |" for name, (kind, what) in rows]
    return "\n".join(["| ключ | вид | что значит |", "|---|---|---|", *lines])


def written(page: str) -> str:
    """The page with its tables written anew."""
    return filled(page, keys=keys(), files=files(), shapes=shapes(), loops=loops())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
