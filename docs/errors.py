"""Writes the table of docs/errors.md from the code: the classes of errors that a script meets, and what they mean.

    python docs/errors.py

A test writes it again and compares, so the page is never older than the code.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yggdrasil
from docs.pages import filled
from yggdrasil.contract.errors import YggError

PAGE = Path(__file__).resolve().parent / "errors.md"
PACKAGE = Path(yggdrasil.__file__).parent
WORDS = {
    "YggError": "корень всех: поля `what`, `where`, `mend`",
    "ConfigError": "настройки нет, или она не того вида",
    "PortError": "значение не подходит порту, или порта нет",
    "WiringError": "рёбер не хватает, они неоднозначны или ведут не туда",
    "ManifestError": "манифест не читается или говорит не то",
    "UnknownType": "тип не объявлен ни одним установленным пакетом",
    "WeightsError": "файл весов битый, не того вида или хеша",
    "MissingFile": "файла, который назван, на этой машине нет",
    "ArtifactError": "артефакта нет, или его байты не те",
    "NotStored": "записать нельзя: диск полон, сбоит или закрыт; что было, цело",
    "Cancelled": "остановлено читателем; не сбой",
    "Paused": "запуск ждёт ответа на вопрос `id`; не сбой",
    "NotFinite": "в результате NaN или бесконечность; годное — в `kept`",
    "InvalidOutput": "ответ модели — не то, чего просили: не JSON, не по схеме, не того типа",
    "RefusedOutput": "модели сказали, что в ответе не так, и он остался таким",
    "Retry": "её поднимает проверка ответа или инструмент: модели скажут почему и спросят ещё раз",
    "NoModelAnswered": "не ответила ни одна из моделей, названных списком",
    "AnswerFiltered": "фильтр конечной точки не отдал ответа; что пришло до того — в `response`",
    "TruncatedOutput": "объект по схеме оборван пределом `max_tokens`; написанное — в `raw`",
    "NotAble": "эта модель такого не умеет: оценить текст, видеть, слышать",
    "WindowTooSmall": "окно не вмещает и слов системы с последним вопросом",
    "EndpointError": "корень бед с конечной точкой: `status`, `passing` (может пройти само), `untaken` (не принято)",
    "EndpointUnreachable": "по адресу никто не отвечает",
    "EndpointRefused": "ответ — ошибка HTTP: `status`, `after` (Retry-After), `said`, `field`",
    "EndpointTooSlow": "ответ не пришёл целиком за `timeout`",
    "EndpointBrokeOff": "ответ оборвался",
    "EndpointNonsense": "ответили не тем: веб-страница, битый JSON, без конца",
    "NoEyes": "агент-Философ не может смотреть: ни его модель, ни инструмент этого не берут",
    "SessionError": "память сессии не читается, или помнить здесь нечему",
    "StageError": "тело этапа просит того, чего этап не даёт, или отдаёт не то",
    "OperationError": "операция над миром неверна",
    "CycleError": "с миром нельзя сделать того, о чём просят",
    "CreatorFailure": "Творец не сделал ничего",
    "WorldBusy": "папку мира или сессии держит другой запуск",
    "LimitReached": "агент дошёл до предела, и `Limits(raises=True)`; сказанное цело",
    "EndlessLoop": "петля дошла до верхней границы",
    "TooSlow": "попытка `ygg.retrying` или вызов инструмента не уложились в свои секунды",
}


def classes() -> list[type[YggError]]:
    """Every class of errors that the package declares, parents first."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "Error):" in text and "class " in text and "__main__" not in path.name:
            import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    found, stack = list[type[YggError]](), [YggError]
    while stack:
        kind = stack.pop(0)
        if kind.__module__.startswith("yggdrasil.") and kind not in found:
            found.append(kind)
            stack += sorted(kind.__subclasses__(), key=lambda sub: sub.__name__)
    return found


def table() -> str:
    """A row a class: its parent, and what it means."""
    rows = ["| класс | вид | что значит |", "|---|---|---|"]
    for kind in (kind for kind in classes() if kind.__name__ in WORDS):
        public = kind.__name__ in yggdrasil.__all__
        name = f"`{'ygg' if public else 'yggdrasil.errors'}.{kind.__name__}`"
        parent = kind.__mro__[1].__name__
        rows.append(f"| {name} | `{parent}` | {WORDS[kind.__name__]} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with its table written anew."""
    return filled(page, errors=table())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
