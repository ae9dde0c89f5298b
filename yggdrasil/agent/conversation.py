"""A conversation that a script brings: what is no message is refused where it stands, before a model reads it."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from yggdrasil.agent.pieces import Content, words_alone
from yggdrasil.agent.result_type import RESULT_HEAD
from yggdrasil.agent.turns import TOOLS_HEAD
from yggdrasil.blocks.llm.language_model import ROLES
from yggdrasil.contract import PortError, here
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.kinds import AUDIO, IMAGE
from yggdrasil.contract.values import store

Message = dict[str, Any]
_SYSTEM, _BROUGHT = ("system", "developer"), "brought"
_ADDED = re.compile("|".join(map(re.escape, (RESULT_HEAD, TOOLS_HEAD))))
_FORM = "a message is {'role': 'user', 'content': text or parts}; a part is {'type': 'text', 'text': …}"


def check_asked(content: Content, messages: list[Message] | None) -> None:
    """Raises PortError where neither words nor a conversation ask for anything."""
    last = messages[-1].get("role") if messages else None
    if not content and last not in ("user", "tool") and (last is None or last in ROLES):
        mend = "give it a prompt, pictures, a task, or messages of which the last is the user's"
        raise PortError("the agent was asked nothing", where=here().path, mend=mend)


def kept_messages(messages: list[Message]) -> list[Message]:
    """A conversation from elsewhere as an agent keeps it: pictures and sounds are put among the run's artifacts.

    Raises PortError that names the first message that is none, and a call or an answer that has no other half.
    """
    due: set[str] = set()
    for at, message in enumerate(messages):
        amiss, mend = _amiss(message, due)
        if amiss:
            raise PortError(f"messages[{at}] {amiss}", where=here().path, mend=mend)
    if due:
        mend = "give one tool message for each call"
        raise PortError(f"messages end before the call {min(due)!r} is answered", where=here().path, mend=mend)
    return [_kept(message) for message in messages]


def opened(words: str, parts: list[str], earlier: list[Message], prompt: Content) -> list[Message]:
    """What was said `earlier` and the prompt, below what the system says: its words and what the agent adds to them.

    What the system says in a conversation that a script brought stands in for words that the agent has not.
    """
    brought = "" if words else _system_words(earlier)
    told = "\n\n".join(part for part in (words or brought, *parts) if part)
    system: list[Message] = (
        [{"role": "system", "content": told, **({_BROUGHT: True} if brought else {})}] if told else []
    )
    asked: list[Message] = [{"role": "user", "content": prompt}] if prompt else []
    return [*system, *(m for m in earlier if m["role"] != "system"), *asked]


def _system_words(messages: list[Message]) -> str:
    """What the system says in a conversation that was brought, without what an agent adds of its result and tools."""
    said = (words_alone(m["content"]) for m in messages if m["role"] == "system" and m.get(_BROUGHT))
    return "\n\n".join(filter(None, (_ADDED.split(text)[0].strip() for text in said)))


def _amiss(message: Any, due: set[str]) -> tuple[str, str]:
    """What is wrong with a message, and how to mend it; `due` are the calls that wait for their answers."""
    if not isinstance(message, dict):
        return f"is {message!r:.60}", _FORM
    said = cast(Message, message)
    role = said.get("role")
    if role not in ROLES:
        return f"has the role {role!r}", did_you_mean(str(role), ROLES)
    calls = said.get("tool_calls")
    if due and role != "tool":
        return f"stands where the answer to the call {min(due)!r} is due", "give one tool message for each call"
    if amiss := _amiss_in(said.get("content"), silent=bool(calls)):
        return amiss, _FORM
    if role == "tool":
        named = said.get("tool_call_id")
        if named not in due:
            return f"answers the call {named!r}, which was not made", "its tool_call_id is the id of a call before it"
        due.discard(named)
    for call in calls or []:
        if not _is_call(call):
            return f"has the call {call!r:.80}", "write {'id': …, 'function': {'name': …, 'arguments': JSON text}}"
        due.add(call["id"])
    return "", ""


def _amiss_in(content: Any, *, silent: bool) -> str:
    if isinstance(content, str) or (content is None and silent):
        return ""
    if not isinstance(content, list):
        return "has no content" if content is None else f"has the content {content!r:.60}"
    for at, part in enumerate(cast("list[Any]", content)):
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in part:
            return f"has the part {at} {part!r:.60}"
    return ""


def _is_call(call: Any) -> bool:
    if not isinstance(call, dict):
        return False
    known = cast(Message, call)
    inner = known.get("function")
    return isinstance(known.get("id"), str) and isinstance(inner, dict) and isinstance(inner.get("name"), str)


def _kept(message: Message) -> Message:
    kept = {**message, "content": _kept_content(message.get("content"))}
    if message["role"] in _SYSTEM:
        kept |= {"role": "system", _BROUGHT: True}
    if message.get("tool_calls"):
        kept["tool_calls"] = [_kept_call(call) for call in message["tool_calls"]]
    return kept


def _kept_call(call: Message) -> Message:
    arguments = call["function"].get("arguments") or "{}"
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {**call, "type": "function", "function": {**call["function"], "arguments": written}}


def _kept_content(content: Any) -> Content:
    if not isinstance(content, list):
        return content or ""
    kinds, parts = {IMAGE.name: IMAGE, AUDIO.name: AUDIO}, cast("list[Message]", content)
    held = [(part, kinds.get(part["type"])) for part in parts]
    return [
        part if kind is None or isinstance(part[kind.name], str)
        else {**part, kind.name: store(part[kind.name], here().artifacts, kind)["sha256"]}
        for part, kind in held
    ]  # fmt: skip
