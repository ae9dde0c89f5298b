"""What a server a little unlike OpenAI's does not take: learnt from its refusal, and left out from then on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from yggdrasil.blocks.endpoint.errors import EndpointRefused

Request = dict[str, Any]
STREAM = "stream"
FORM = "response_format"
FORMS = ("json_schema", "json_object")
"""How an answer is bound, strictest first; below them the prompt alone asks for the form."""
_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
MAY_BE_LEFT_OUT = ("temperature", "seed", "tool_choice", "stream_options", STREAM, *_LIMITS, FORM, *FORMS)
_OF_A_FIELD = frozenset({400, 422, 501})
_RANGE = re.compile(
    r"too (large|high|big|long|small)|exceed|at most|at least|maximum|minimum|(less|greater|more) than|between|range"
)
_BAD_SCHEMA = re.compile(r"invalid (json )?schema")
_STREAM_WORDS = re.compile(r"""['"`]stream['"`]|stream(ing)? (is|are) (not|un)|not support\w* stream""")
_FORM_WORDS = re.compile(r"response_?format|json_?schema|json_object|structured.?output|guided_json")


class Dialect:
    """What one model behind one endpoint refused so far."""

    def __init__(self) -> None:
        self.without: set[str] = set()

    def spoken(self, request: Request, without: Iterable[str] = ()) -> Request:
        """The request without what the server refused, nor what the user leaves out by the setting `without`."""
        dropped = self.without.union(without)
        if STREAM in dropped:
            dropped.add("stream_options")
        said = {name: value for name, value in request.items() if name not in dropped}
        for name in request:
            other = _LIMITS.get(name)
            if name in dropped and other and other not in dropped:
                said[other] = request[name]
        return _formed(said, request[FORM], dropped) if isinstance(request.get(FORM), dict) else said

    def learn(self, refusal: EndpointRefused, sent: Request) -> str:
        """What is done from now on instead, in words; '' where the refusal is of another kind and stands."""
        field = _refused(refusal, sent) if refusal.status in _OF_A_FIELD else ""
        if not field:
            return ""
        self.without.add(field)
        instead = f" ({_LIMITS[field]} goes instead)" if field in _LIMITS and _LIMITS[field] not in self.without else ""
        if field in FORMS:
            after = FORMS.index(field) + 1
            instead = f" ({FORMS[after]} goes instead)" if after < len(FORMS) else " (the prompt asks for the form)"
        return f"the endpoint takes no {field}, so it is left out from now on{instead}: {refusal.said}"


def _formed(said: Request, bound: dict[str, Any], dropped: set[str]) -> Request:
    """The request bound as strictly as the server can; what is bound less is asked for in words, too."""
    if bound.get("type") != FORMS[0]:
        return said
    form = "" if FORM in dropped else next((form for form in FORMS if form not in dropped), "")
    if form == FORMS[0]:
        return said
    said.pop(FORM, None)
    if form:
        said[FORM] = {"type": form}
    schema = json.dumps(bound[FORMS[0]]["schema"], ensure_ascii=False)
    words = f"Answer with one JSON object and nothing else. Its JSON schema: {schema}"
    said["messages"] = _with_words(said["messages"], words)
    return said


def _with_words(messages: list[Request], words: str) -> list[Request]:
    """The messages with the words at the end of the last one where that is the user's, else as one more."""
    last = messages[-1] if messages else {}
    content = last.get("content")
    if last.get("role") != "user" or not content:
        return [*messages, {"role": "user", "content": words}]
    more = [*content, {"type": "text", "text": words}] if isinstance(content, list) else f"{content}\n\n{words}"
    return [*messages[:-1], {**last, "content": more}]


def _refused(refusal: EndpointRefused, sent: Request) -> str:
    """The part of what was sent that the server does not know; '' for none, or where only its value is amiss."""
    text = refusal.said.lower()
    field = _named(refusal.field, text, sent)
    if field == FORM:
        form = str(sent[FORM].get("type")) if isinstance(sent[FORM], dict) else ""
        return "" if _BAD_SCHEMA.search(text) else form if form in FORMS else FORM
    renamed = _LIMITS.get(field, "")
    if field and _RANGE.search(text) and not (renamed and renamed in text):
        return ""
    return field


def _named(field: str, text: str, sent: Request) -> str:
    head = re.split(r"[.\[]", field)[0]
    if head in sent:
        return head if head in MAY_BE_LEFT_OUT else ""
    places = {name: re.search(rf"(?<![\w.]){name}(?!\w)", text) for name in MAY_BE_LEFT_OUT if name in sent}
    if STREAM in sent:
        places[STREAM] = _STREAM_WORDS.search(text)
    if FORM in sent:
        places[FORM] = _FORM_WORDS.search(text)
    found = {name: place.start() for name, place in places.items() if place}
    return min(found, key=lambda name: found[name]) if found else ""
