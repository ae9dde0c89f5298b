"""llm/transformers: scores as plain torch gives them, memory that never changes a result, grammars obeyed."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.agent.scripted import Fine
from tests.blocks.llm.embedded import embedded_model
from tests.blocks.llm.tiny import model_of, tiny_files
from yggdrasil.agent.model import AgentModel
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.turns import TurnRequest, take_turn
from yggdrasil.blocks.llm.language_model import InvalidOutput, NotAble, TruncatedOutput, Turn, Usage, parse_object
from yggdrasil.blocks.llm.prefix import CHUNK
from yggdrasil.blocks.llm.transformers import TransformersModel
from yggdrasil.contract import Cancelled, CancelToken, ConfigError, FileRef, PortError, WeightsError, listening
from yggdrasil.contract.tensor_files import read_tensors, write_tensors

LONG = "the fox runs in the snow and the wolf sleeps on the beach at night. " * 6
WORDS = r" [a-z]{2,8}( [a-z]{2,8}){1,3}\."


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileRef]:
    return tiny_files(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(files: dict[str, FileRef]) -> TransformersModel:
    return model_of(files, dtype="float32")


@pytest.fixture(scope="session")
def real() -> TransformersModel:
    return embedded_model()


def plain_score(model: TransformersModel, prefix: str, candidate: str) -> float:
    """The same by one whole forward pass without any memory."""
    import torch

    encode = model.decoder.vocabulary.encode
    head, tail = encode(prefix), encode(candidate)
    module: Any = model.module
    with torch.no_grad():
        logits = module(torch.tensor([head + tail])).logits[0].float().log_softmax(-1)
    return sum(float(logits[len(head) + i - 1, token]) for i, token in enumerate(tail)) / len(tail)


def test_choose_is_the_plain_log_probability(tiny: TransformersModel) -> None:
    candidates = [" a crown", " the wolf sleeps in the snow", "!", " at night on the beach"]
    found = tiny.choose(LONG, candidates)
    assert found == pytest.approx([plain_score(tiny, LONG, c) for c in candidates], abs=1e-4)


def test_choose_packs_more_candidates_than_one_call_takes(tiny: TransformersModel) -> None:
    candidates = [f" fox {number} and wolf {number * 7} in the snow at night" for number in range(40)]
    found = tiny.choose(LONG, candidates)
    assert found == pytest.approx([plain_score(tiny, LONG, c) for c in candidates], abs=1e-4)
    assert tiny.choose(LONG, []) == []


def test_an_empty_candidate_is_refused_by_name(tiny: TransformersModel) -> None:
    with pytest.raises(PortError, match="candidate ''"):
        tiny.choose(LONG, [" a", ""])


def test_a_warm_memory_gives_the_same_bytes_as_a_cold_one(files: dict[str, FileRef]) -> None:
    asks = [LONG[:90], LONG, LONG + "a crown", LONG[:150] + "another way", LONG + "a crown lies", "short"]
    warm = model_of(files, dtype="float32", caches=2)
    for text in [*asks, *reversed(asks)]:
        cold = model_of(files, dtype="float32", caches=2)
        candidates = [" the wolf", " a crown at night"]
        assert warm.choose(text, candidates) == cold.choose(text, candidates)
        assert warm.continue_(text, 3, seed=5, max_tokens=9) == cold.continue_(text, 3, seed=5, max_tokens=9)
    assert warm.decoder.prefixes.reused > 0


def test_only_whole_chunks_are_reused(tiny: TransformersModel) -> None:
    tiny.choose(LONG, [" a"])
    read = tiny.decoder.prefixes.read
    tiny.choose(LONG + "and", [" a"])
    again = tiny.decoder.prefixes.read - read
    length = len(tiny.decoder.vocabulary.encode(LONG + "and"))
    assert 0 < again <= CHUNK + 2
    assert (length - again) % CHUNK == 0


def test_continuations_obey_the_pattern_and_the_seed(tiny: TransformersModel) -> None:
    first = tiny.continue_(LONG, 5, pattern=WORDS, seed=3, max_tokens=60)
    assert first and all(re.fullmatch(WORDS, text) for text in first)
    assert first == tiny.continue_(LONG, 5, pattern=WORDS, seed=3, max_tokens=60)
    assert first != tiny.continue_(LONG, 5, pattern=WORDS, seed=4, max_tokens=60)


def test_a_text_that_met_its_limit_before_its_end_is_left_out(tiny: TransformersModel) -> None:
    assert tiny.continue_(LONG, 4, pattern=r" [a-z]{30,40}\.", max_tokens=3) == []


def test_banned_strings_do_not_appear(tiny: TransformersModel) -> None:
    pattern = r" (fox|wolf|owl)( (fox|wolf|owl)){3}"
    found = tiny.continue_(LONG, 6, pattern=pattern, ban=["Fox", "owl"], max_tokens=60)
    assert set(found) == {" wolf wolf wolf wolf"}


def test_a_bad_pattern_is_named(tiny: TransformersModel) -> None:
    with pytest.raises(ConfigError, match="grammar"):
        tiny.continue_(LONG, 1, pattern="(unclosed")


def test_a_text_longer_than_the_context_says_so(files: dict[str, FileRef]) -> None:
    small = model_of(files, dtype="float32", context=300)
    with pytest.raises(ConfigError, match="context of 300"):
        small.choose(LONG * 4, [" a"])


def test_a_context_given_after_a_run_holds(tiny: TransformersModel) -> None:
    tiny.choose(LONG, [" a crown"])
    tiny.context = 300
    with pytest.raises(ConfigError, match="context of 300"):
        tiny.choose(LONG * 8, [" a crown"])


def test_chat_bound_by_a_schema_is_an_object_of_it(tiny: TransformersModel) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"enum": ["fox", "wolf"]}, "age": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    turn = tiny.chat([{"role": "user", "content": "who?"}], schema=schema, max_tokens=80, seed=2)
    value = json.loads(turn.text)
    assert turn.finish_reason == "stop" and value["name"] in ("fox", "wolf") and 1 <= value["age"] <= 9
    assert tiny.fill([{"role": "user", "content": "who?"}], schema, max_tokens=80, seed=2) == value


def test_cut_output_is_an_error_that_names_the_limit(tiny: TransformersModel) -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "minLength": 60}}, "required": ["text"]}
    notes: list[str] = []
    with (
        listening(lambda event: notes.append(str(event.data)) if event.kind == "note" else None),
        pytest.raises(TruncatedOutput, match=r"limit of 8 tokens.*max_tokens=16") as caught,
    ):
        tiny.fill([{"role": "user", "content": "tell"}], schema, max_tokens=8)
    assert caught.value.limit == 8 and caught.value.raw
    assert any(
        caught.value.raw[:10] in note.encode().decode("unicode_escape") or "cut output" in note for note in notes
    )


class Scripted:
    """Turns in order, and what was asked for each."""

    def __init__(self, *turns: Turn) -> None:
        self.turns = list(turns)
        self.asked: list[tuple[int, int]] = []

    def chat(self, messages: list[dict[str, Any]], *, max_tokens: int, **_: Any) -> Turn:
        self.asked.append((sum(len(m["content"]) for m in messages), max_tokens))
        return self.turns.pop(0)


CUT = Turn('{"name":"Mira","items":["rope","oil"', [], Usage(9, 20), "length")
WHOLE_BUT_CUT = Turn('{"name":"Mira","items":[]}', [], Usage(9, 20), "length")
FENCED = Turn('```json\n{"name":"Mira","items":["rope"]}\n```', [], Usage(9, 20), "stop")


@pytest.mark.parametrize("turn", [CUT, WHOLE_BUT_CUT])
def test_so1_a_cut_turn_gives_no_object(turn: Turn) -> None:
    with pytest.raises(TruncatedOutput, match="20 tokens") as caught:
        parse_object(turn, 20)
    assert caught.value.raw == turn.text


def test_so1_a_fenced_whole_turn_parses() -> None:
    assert parse_object(FENCED, 20) == {"name": "Mira", "items": ["rope"]}


def test_so1_a_retry_asks_with_a_higher_limit_and_no_longer_prompt(tiny: TransformersModel, monkeypatch: Any) -> None:
    script = Scripted(CUT, FENCED)
    monkeypatch.setattr(tiny, "chat", script.chat)
    found = tiny.fill([{"role": "user", "content": "who?"}], {}, max_tokens=20, retries=1)
    assert found == {"name": "Mira", "items": ["rope"]}
    assert script.asked == [(4, 20), (4, 40)]


def test_an_answer_that_is_no_object_is_named() -> None:
    with pytest.raises(InvalidOutput, match="list"):
        parse_object(Turn("[1]", [], Usage(1, 1), "stop"), 9)


def test_tokens_stream_and_closing_the_stream_stops_the_model(tiny: TransformersModel) -> None:
    stream = tiny.stream(messages=[{"role": "user", "content": "tell"}], max_tokens=200)
    tokens = [event for event in stream if event.kind == "token"]
    assert "".join(event.data["text"] for event in tokens) == stream.outputs.text
    cancel = CancelToken()
    cancel.cancel()
    with listening(lambda event: None, cancel), pytest.raises(Cancelled):
        tiny.continue_(LONG, 2, max_tokens=50)


def test_a_cancelled_generation_leaves_the_memory_whole(tiny: TransformersModel, files: dict[str, FileRef]) -> None:
    cancel = CancelToken()
    calls = 0
    plain = tiny.decoder.prefixes.forward

    def stopping(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 6:
            cancel.cancel()
        return plain(*args)

    tiny.decoder.prefixes.forward = stopping  # type: ignore[method-assign]  # a spy that stops in mid-flight
    with listening(lambda event: None, cancel), pytest.raises(Cancelled):
        tiny.continue_(LONG, 2, max_tokens=50)
    tiny.decoder.prefixes.forward = plain  # type: ignore[method-assign]  # the spy goes
    fresh = model_of(files, dtype="float32")
    assert tiny.choose(LONG, [" a crown"]) == fresh.choose(LONG, [" a crown"])


def test_two_threads_get_what_one_gets(tiny: TransformersModel) -> None:
    asks = [LONG[: 60 + 20 * i] for i in range(6)]
    alone = [tiny.choose(text, [" a crown", " fox"]) for text in asks]
    together: dict[int, list[float]] = {}
    threads = [
        threading.Thread(target=lambda i=i: together.update({i: tiny.choose(asks[i], [" a crown", " fox"])}))
        for i in range(len(asks))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[i] for i in range(len(asks))] == alone


def test_two_places_share_one_model(files: dict[str, FileRef]) -> None:
    one, two = model_of(files, dtype="float32"), model_of(files, dtype="float32", context=600)
    assert one.worn_module() is two.worn_module()
    assert one.decoder.vocabulary is two.decoder.vocabulary
    assert one.decoder is not two.decoder


def test_what_it_cannot_do_it_says(files: dict[str, FileRef]) -> None:
    mute = model_of({role: ref for role, ref in files.items() if role != "tokenizer_config"}, dtype="float32")
    with pytest.raises(NotAble, match="chat template"):
        mute.chat([{"role": "user", "content": "hello"}])


def test_an_agent_binds_its_turns_by_a_schema_since_it_calls_no_tools_itself(tiny: TransformersModel) -> None:
    with pytest.raises(NotAble, match="call tools by itself"):
        tiny.chat([{"role": "user", "content": "hello"}], tools=[{}])
    asked = TurnRequest(Toolbox([Fine()]), answer=False, max_tokens=40, temperature=0.0)
    turn = take_turn(AgentModel(tiny), [{"role": "user", "content": "Call it."}], asked)
    assert [(call["name"], call["arguments"]) for call in turn["calls"]] == [("fine", "{}")]


@pytest.mark.models
def test_the_embedded_model_scores_as_plain_torch_does(real: TransformersModel) -> None:
    prefix = "World: a norse fishing village\nStory:\n- Ketil finds"
    candidates = [" a crown at the harbour", " a wolf in the hall", " banana"]
    found = real.choose(prefix, candidates)
    assert found == pytest.approx([plain_score(real, prefix, c) for c in candidates], abs=0.06)
    assert found[2] < min(found[:2])


@pytest.mark.models
def test_the_embedded_model_is_the_same_warm_and_cold(real: TransformersModel) -> None:
    prefix = "World: a norse fishing village\nStory:\n- Ketil finds a crown at the harbour, and he"
    pattern = r" [a-z]{1,11}( [a-z]{1,11}){2,9}\."
    real.choose(prefix + " sings.", [" They"])
    warm = real.continue_(prefix, 4, pattern=pattern, seed=11)
    cold = embedded_model()
    assert warm == cold.continue_(prefix, 4, pattern=pattern, seed=11)
    assert all(re.fullmatch(pattern, text) for text in warm)


@pytest.mark.models
def test_the_unpacked_gguf_names_its_digest(real: TransformersModel) -> None:
    path = real.file()
    real.module  # noqa: B018 - loads, so unpacks where that was not done
    folder = Path(f"{path}.safetensors")
    record = json.loads((folder / "converted.json").read_text())
    assert record["gguf_sha256"] == real.files["weights"].sha256
    names = read_tensors(folder / "model.safetensors").keys()
    assert "model.embed_tokens.weight" in names and "lm_head.weight" not in names, "as other runtimes look for it"
    assert real.chat([{"role": "user", "content": "What is the capital of France?"}], max_tokens=20).text.count("Paris")


def test_each_tensor_that_the_files_lack_is_named_before_anything_runs(tmp_path: Path) -> None:
    files = tiny_files(tmp_path / "whole")
    tensors = read_tensors(tmp_path / "whole" / "model.safetensors")
    tied = {"lm_head.weight", "model.embed_tokens.weight"}
    for name in sorted(tensors.keys() - tied):
        path = tmp_path / f"{name}.safetensors"
        write_tensors(path, {other: value for other, value in tensors.items() if other != name})
        cut = model_of({**files, "weights": FileRef(hashlib.sha256(path.read_bytes()).hexdigest(), path)})
        with pytest.raises(WeightsError, match=rf"1 tensors? missing .*{name}"):
            cut.choose("a", ["b"])
