"""What operations do to texts: facts and who knows them, rules, and the story."""

from __future__ import annotations

from yggdrasil.state.content import Content
from yggdrasil.state.errors import OperationError, UnknownName
from yggdrasil.state.find import find
from yggdrasil.state.operation_types import (
    AddFact,
    AddRule,
    AppendStory,
    Insert,
    Known,
    Learn,
    Operation,
    Remove,
    Rename,
    Unwrite,
)


def add_text(draft: Content, op: AddFact | AddRule, where: str) -> list[Operation]:
    kind = "fact" if isinstance(op, AddFact) else "rule"
    texts = _texts(draft, kind)
    if op.text in texts:
        return []
    texts.append(op.text)
    if isinstance(op, AddFact) and op.known_by is not None:
        known(draft, Known(fact=op.text, by=op.known_by), where)
    return [Remove(kind=kind, name=op.text)]


def insert_text(draft: Content, op: Insert, where: str) -> list[Operation]:
    """Put a text back where it stood."""
    if not isinstance(op.record, str):
        raise OperationError(f"a {op.kind} is text", where=where, mend="insert a string")
    texts = _texts(draft, op.kind)
    at = min(op.at, len(texts)) if op.record in texts else None
    texts.insert(op.at, op.record)
    return [Remove(kind=op.kind, name=op.record, at=at)]


def remove_text(draft: Content, op: Remove, where: str) -> list[Operation]:
    """Take a text away; with the last one of its words goes who knows them."""
    texts = _texts(draft, op.kind)
    _check(texts, op.kind, op.name, where)
    at = texts.index(op.name) if op.at is None else op.at
    if texts[at : at + 1] != [op.name]:
        raise OperationError(f"{op.kind} number {at} is another one", where=where, mend="leave `at` out")
    del texts[at]
    undo: list[Operation] = [Insert(kind=op.kind, at=at, record=op.name)]
    if op.kind == "fact" and op.name in draft.known_by and op.name not in texts:
        undo.append(Known(fact=op.name, by=draft.known_by.pop(op.name)))
    return undo


def reword(draft: Content, op: Rename, where: str) -> list[Operation]:
    """Put a fact or rule into other words; who knew it knows it still."""
    texts = _texts(draft, op.kind)
    _check(texts, op.kind, op.name, where)
    if op.to == op.name:
        return []
    if op.to in texts:
        raise OperationError(f"the {op.kind} {op.to!r} is there already", where=where, mend="take other words")
    texts[:] = [op.to if text == op.name else text for text in texts]
    if op.kind == "fact" and op.name in draft.known_by:
        draft.known_by[op.to] = draft.known_by.pop(op.name)
    return [Rename(kind=op.kind, name=op.to, to=op.name)]


def known(draft: Content, op: Known, where: str) -> list[Operation]:
    _check(draft.facts, "fact", op.fact, where)
    old = draft.known_by.pop(op.fact, None)
    if op.by is not None:
        draft.known_by[op.fact] = [find(draft, "character", name, where).name for name in dict.fromkeys(op.by)]
    return [Known(fact=op.fact, by=old)]


def learn(draft: Content, op: Learn, where: str) -> list[Operation]:
    _check(draft.facts, "fact", op.fact, where)
    who = find(draft, "character", op.character, where).name
    names = draft.known_by.get(op.fact)
    if names is None or who in names:
        return []
    return known(draft, Known(fact=op.fact, by=[*names, who]), where)


def append_story(draft: Content, op: AppendStory, where: str) -> list[Operation]:
    if op.summary:
        draft.summaries[str(len(draft.story))] = op.summary
    draft.story.append(op.text)
    return [Unwrite()]


def unwrite(draft: Content, op: Unwrite, where: str) -> list[Operation]:
    if not draft.story:
        raise OperationError("the story has no line to take back", where=where, mend="append one first")
    text = draft.story.pop()
    return [AppendStory(text=text, summary=draft.summaries.pop(str(len(draft.story)), ""))]


def _texts(draft: Content, kind: str) -> list[str]:
    return draft.facts if kind == "fact" else draft.rules


def _check(texts: list[str], kind: str, text: str, where: str) -> None:
    if text not in texts:
        raise UnknownName(kind, text, texts, where)
