"""What the command says, in Russian and English, chosen by the locale."""

from __future__ import annotations

from yggdrasil.store.locale import russian

_WORDS: dict[str, tuple[str, str]] = {
    "app": ("Worlds that agents grow.", "Миры, которые растят агенты."),
    "new": ("Grow a new world from a wish.", "Вырастить новый мир из пожелания."),
    "step": ("Grow a world on.", "Вести мир дальше."),
    "show": ("Show a world: its steps and what is in it.", "Показать мир: шаги и то, что в нём есть."),
    "history": ("List what each stage did.", "Показать, что делал каждый этап."),
    "fork": ("Begin a branch of the same world at a step.", "Начать ветвь того же мира с шага."),
    "edit_command": ("Change a world by hand, by operations.", "Изменить мир своей рукой, операциями."),
    "edit_operations": ("JSON file of operations; - reads standard input.", "Файл JSON с операциями; - читает ввод."),
    "edit_set": (
        "Set a field: title, style, time, weather, clock, glossary.TERM, extra.NAME.",
        "Задать поле: title, style, time, weather, clock, glossary.СЛОВО, extra.ИМЯ.",
    ),
    "undo": ("Take the last edit back.", "Отменить последнюю правку."),
    "again": ("Do a step again on a branch beside.", "Прожить шаг иначе, на ветви рядом."),
    "again_step": ("Which step.", "Какой шаг."),
    "again_name": ("Name of the new branch.", "Имя новой ветви."),
    "diff": ("Say in what two branches differ.", "Сказать, чем различаются две ветви."),
    "diff_branch": ("A branch.", "Ветвь."),
    "diff_part": ("part after step", "расходятся после шага"),
    "diff_stands": ("stands at", "стоит на"),
    "diff_only": ("only in", "только в"),
    "diff_same": ("nothing differs", "различий нет"),
    "diff_step": ("step", "шаг"),
    "replay": ("Read a recorded world again; calls no model.", "Перечитать записанный мир; модели не вызываются."),
    "run": ("Run a block, graph or agent once.", "Выполнить блок, граф или агента один раз."),
    "ask": ("List the questions that worlds and sessions wait with.", "Показать вопросы, которых ждут миры и сессии."),
    "answer_command": ("Answer a question that waits.", "Ответить на вопрос, который ждёт."),
    "answer_text": ("The answer.", "Ответ."),
    "answer_id": ("Which question, if several wait.", "Какой вопрос, если их несколько."),
    "answer_of": ("Whose: the session or branch.", "Чей: сессия или ветвь."),
    "below": ("Folder to look in, and below it.", "Папка, в которой (и ниже) искать."),
    "session": (
        "Take a turn in the session of this name; without inputs, go on with the unfinished one.",
        "Ход сессии с этим именем; без входов — продолжить незаконченный.",
    ),
    "session_at": ("Folder of the session.", "Папка сессии."),
    "nothing_waits": ("Nobody asks anything.", "Никто ничего не спрашивает."),
    "describe": ("Show ports, nodes and digests.", "Показать порты, узлы и дайджесты."),
    "mermaid": ("Draw its nodes and edges as a Mermaid flowchart.", "Нарисовать узлы и рёбра схемой Mermaid."),
    "depth": ("How many levels of it to draw.", "Сколько уровней рисовать."),
    "validate": ("Check a saved block or world.", "Проверить сохранённый блок или мир."),
    "templates": ("Templates of worlds: copy one, check it.", "Шаблоны миров: скопировать, проверить."),
    "template_copy": ("Copy a template, to edit its words.", "Скопировать шаблон, чтобы править его слова."),
    "template_check": (
        "Say what does not fit in a template, and what each stage would be asked.",
        "Сказать, что в шаблоне не сходится и что спросят у каждого этапа.",
    ),
    "template_folder": ("Folder of the template.", "Папка шаблона."),
    "length": (
        "How long each text is, as the template names it: line, paragraph, scene, chapter.",
        "Какой длины тексты, как их называет шаблон: line, paragraph, scene, chapter.",
    ),
    "cast": ("Let the characters act for themselves.", "Пусть персонажи действуют сами."),
    "tries": (
        "How often a picture is painted until the eye sees in it what was ordered; the best is kept.",
        "Сколько раз писать картину, пока глаз не увидит заказанного; остаётся лучшая.",
    ),
    "budget": (
        "What the world may spend before it asks: step_tokens, step_cost, tokens or cost; 0 takes a bound away.",
        "Сколько мир может потратить, прежде чем спросит: step_tokens, step_cost, tokens или cost; 0 снимает предел.",
    ),
    "lead": (
        "How the language model is asked: free in full, brief as a small one; chosen by the model if not given.",
        "Как спрашивать языковую модель: free — сполна, brief — как маленькую; без этого решает сама модель.",
    ),
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
    "style": ("Style in your words, e.g. norse.", "Стиль своими словами, например norse."),
    "template": (
        "Template of the world: a shelf name, or the path of its folder.",
        "Шаблон мира: имя с полки или путь к его папке.",
    ),
    "language": ("Language of the chronicle, such as en or ru.", "Язык хроники, например en или ru."),
    "painter": (
        "What paints: a shelf name, a path, or a folder or hub name (owner/model) of a diffusers pipeline.",
        "Чем рисовать: имя с полки, путь, папка или имя (owner/model) пайплайна diffusers.",
    ),
    "voice": (
        "Read the chronicle, or the characters' lines, aloud; the sound is an artifact of the step.",
        "Прочитать хронику или реплики персонажей вслух; звук — артефакт шага.",
    ),
    "tokens": ("tokens", "токенов"),
    "cost": ("cost", "цена"),
    "sound": ("sound", "звук"),
    "eye": (
        "What looks: a shelf name, a path, a folder of a model that sees (transformers), or openai:MODEL@BASE_URL.",
        "Чем смотреть: имя с полки, путь, папка зрячей модели (transformers) или openai:MODEL@BASE_URL.",
    ),
    "llm": (
        "Model of the agents: a catalogue name, a path, a hub name (owner/model), or openai:MODEL@URL.",
        "Модель агентов: имя из каталога, путь, имя owner/model или openai:МОДЕЛЬ@URL.",
    ),
    "name": ("Name of the world.", "Имя мира."),
    "action": ("What you do in the world.", "Что вы делаете в мире."),
    "answer": (
        "Answer to what the unfinished step asks (ID=ANSWER if there is more than one question).",
        "Ответ на вопрос незаконченного шага (ID=ОТВЕТ, если вопросов несколько).",
    ),
    "expect": (
        "Refuse, and change nothing, if the branch's last step is not HEAD.",
        "Отказать, ничего не меняя, если последний шаг ветви — не HEAD.",
    ),
    "give_up": (
        "Drop the unfinished step first; the history keeps it.",
        "Сначала отказаться от незаконченного шага; в истории он останется.",
    ),
    "count": ("How many steps.", "Сколько шагов."),
    "branch": ("Branch of the world.", "Ветвь мира."),
    "fork_at": ("Step after which the branch begins.", "Шаг, после которого начинается ветвь."),
    "fork_name": ("Name of the branch.", "Имя ветви."),
    "what": (
        "A shelf name, or a path (holds a slash or begins with a dot).",
        "Имя с полки или путь (со слэшем или точкой в начале).",
    ),
    "inputs": (
        "Inputs as name=value; `yggdrasil describe WHAT` lists them. A text is as it stands, other values are JSON. "
        "name=@file reads a file: a text, JSON, a picture, a sound, a tensor (.safetensors, .npy). "
        "A text that begins with @ is written name=@@…",
        "Входы как имя=значение; их список — `yggdrasil describe ЧТО`. Текст берётся как есть, остальное — JSON. "
        "имя=@файл читает файл: текст, JSON, картинку, звук, тензор (.safetensors, .npy). "
        "Текст, который начинается с @, пишется имя=@@…",
    ),
    "out": (
        "File for the result, or a folder (ends in a slash) for a file of each output.",
        "Файл для результата или папка (со слэшем в конце), где у каждого выхода свой файл.",
    ),
    "models_arg": ("Names from the catalogue.", "Имена из каталога."),
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
    "world_at": ("The world is in", "Мир лежит в"),
    "go_on": ("Go on:", "Дальше:"),
    "no_steps": ("Nothing has happened yet.", "Пока ничего не произошло."),
    "kept": ("what was finished is kept; go on:", "законченное сохранено; продолжить:"),
    "asks": ("it asks:", "вопрос:"),
    "answer_by": ("answer and go on:", "ответить и продолжить:"),
    "stuck": ("this stage has failed twice in the same way", "этот этап дважды сорвался одинаково"),
    "way_give_up": ("without this step", "без этого шага"),
    "way_words": ("with other words", "другими словами"),
    "way_model": ("with another model", "с другой моделью"),
    "not_founded": ("no world was founded, and nothing is left of it", "мир не основан, и от него ничего не осталось"),
    "not_understood": ("not understood in the wish, so kept in its own words", "не понято и стоит своими словами"),
    "style_not_understood": ("not understood in the style", "в стиле не понято"),
    "places": ("Places", "Места"),
    "characters": ("People", "Люди"),
    "items": ("Things", "Вещи"),
    "facts": ("Facts", "Факты"),
    "wish_word": ("wish", "пожелание"),
    "action_word": ("action", "действие"),
    "intent_word": ("intended", "задумано"),
    "ordered": ("ordered", "заказано"),
    "seen": ("seen", "увидено"),
    "picture": ("picture", "картина"),
    "refused_word": ("refused", "мир не принял"),
    "dropped": ("dropped", "отброшено"),
    "place": ("at {}", "место: {}"),
    "holder": ("held by {}", "у кого: {}"),
    "changes": ("In the world", "В мире"),
    "new_one": ("new", "новое"),
    "gone": ("gone", "больше нет"),
    "branches": ("branches", "ветви"),
    "unfinished": ("is not finished", "не закончен"),
    "settling": ("settling", "разбор прежнего"),
    "nothing_left": ("nothing left over", "ничего не осталось"),
    "interrupted": ("stopped by you", "остановлено вами"),
    "edit": ("edit", "правка"),
    "undone": ("taken back, edit", "отменена правка"),
    "known_by": ("known by", "знают"),
    "kind_place": ("place", "место"),
    "kind_character": ("character", "человек"),
    "kind_item": ("item", "вещь"),
    "kind_fact": ("fact", "факт"),
    "kind_rule": ("rule", "правило"),
    "field_title": ("title", "название"),
    "field_style": ("style", "стиль"),
    "field_time": ("time", "время"),
    "field_weather": ("weather", "погода"),
    "forked": ("branch begins after step", "ветвь начинается после шага"),
    "replayed": ("replayed exactly, no model was called; steps:", "воспроизведено точно, модели не вызывались; шагов:"),
    "valid": ("is valid", "в порядке"),
    "stopped": ("stopped", "остановлено"),
    "error": ("error", "ошибка"),
    "philosopher": ("Philosopher", "Философ"),
    "author": ("Author", "Автор"),
    "update": ("World update", "Обновление мира"),
    "development": ("Development", "Развитие"),
    "architect": ("Architect", "Архитектор"),
    "creator": ("Creator", "Творец"),
    "world": ("World", "Мир"),
    "changed": ("changed", "изменён"),
    "ran": ("done", "готово"),
    "finished": ("done", "готово"),
    "skipped": ("skipped", "пропуск"),
    "failed": ("failed", "сбой"),
    "cancelled": ("stopped", "остановка"),
    "paused": ("paused", "пауза"),
    "here": ("here", "есть"),
    "not_here": ("not here", "нет"),
    "intact": ("intact", "в целости"),
    "block_intent": ("intent", "замысел"),
    "block_plan": ("plan", "план"),
    "block_artifacts": ("artifacts", "картины"),
    "block_perception": ("perception", "увиденное"),
    "block_chronicle": ("chronicle", "хроника"),
    "why_needs": ("needs {blocks}", "нужны: {blocks}"),
    "why_no_state": ("there is no state to apply", "применять нечего"),
    "why_dropped": ("the state is dropped: {blocks} missing", "состояние отброшено, недостаёт: {blocks}"),
    "dropped_given_up": ("the state is dropped: given up", "состояние отброшено: от шага отказались"),
    "why_given_up": ("given up", "от шага отказались"),
    "why_filled": ("{block} is filled already", "уже есть: {block}"),
    "why_passed_over": ("passed over, since another state was given", "передано другое состояние"),
    "why_absent": ("{port} is absent", "нет значения: {port}"),
    "why_unread": ("nobody needs it now", "сейчас это никому не нужно"),
    "why_unchanged": ("nothing changed: its last result is kept", "ничего не изменилось: взят прежний результат"),
    "why_not_chosen": ("{port} is {value}", "{port}: {value}"),
    "why_journalled": ("it ran before and stands in the journal", "уже сделано, результат в журнале"),
    "why_note": ("{text}", "{text}"),
    "note_going_on": ("going on with step {step}", "продолжается шаг {step}"),
    "note_not_understood": ("not understood: {words}", "не понято: {words}"),
    "note_english_only": (
        "this storyteller writes English only; a model that writes other languages is named by --llm",
        "этот рассказчик пишет только по-английски; модель, которая пишет на других языках, называет --llm",
    ),
    "note_tools_in_words": (
        "the model calls no tools by itself, so each turn is bound by a schema",
        "модель сама инструментов не зовёт, поэтому каждый ход связан схемой",
    ),
    "note_limit_reached": ("stopped at the limit of {limit} {kind}", "остановлено: предел {limit} ({kind})"),
    "note_model_failed": (
        "{model} failed, the next model is asked: {why}",
        "модель {model} не ответила, спрошена следующая: {why}",
    ),
    "note_tool_failed": ("{tool} failed, tried again: {why}", "{tool} не справился, ещё попытка: {why}"),
    "note_tool_error": (
        "{tool} failed, and the model was told: {why}",
        "{tool} не справился, модели об этом сказано: {why}",
    ),
    "note_turn_cut": (
        "the model's turn was cut ({kind}), the run goes on",
        "ход модели оборван ({kind}), запуск идёт дальше",
    ),
    "note_answer_filtered": ("the endpoint's filter withheld the answer", "фильтр конечной точки не отдал ответ"),
    "note_answer_refused": ("the answer cannot be taken: {why}", "ответ не принят: {why}"),
    "note_half_character": (
        "half a character became \ufffd: {found}",
        "половина знака стала \ufffd: {found}",
    ),
    "note_no_previews": ("no previews: {error}", "промежуточных картин не будет: {error}"),
}  # fmt: skip


def spoken(key: str) -> tuple[str, str]:
    """The words of `key` in English and in Russian. Raises KeyError if there are none."""
    return _WORDS[key]


def codes(prefix: str) -> list[str]:
    """What follows `prefix` in the keys that begin with it."""
    return [key.removeprefix(prefix) for key in _WORDS if key.startswith(prefix)]


def known(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in _WORDS


def say(key: str) -> str:
    """The words of `key` in the user's language; a stage or key without words is given as it is."""
    pair = _WORDS.get(key)
    return key if pair is None else pair[1 if russian() else 0]
