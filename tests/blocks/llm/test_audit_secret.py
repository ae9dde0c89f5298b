"""The secret of an endpoint reaches the endpoint and nothing else: no manifest, log, event or error holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.endpoint.stand_in import StandIn, send, standing_in, stream
from tests.levels.scripted import Broken, Plan, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.openai import EndpointError, OpenAIModel
from yggdrasil.contract import ConfigError, listening
from yggdrasil.levels.world.world import World
from yggdrasil.store.language_models import language_model

SECRET = "sk-audit-0123456789abcdef"


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


def holders(folder: Path) -> list[str]:
    """The files below `folder` that hold the secret in any form that a log would."""
    return [p.name for p in folder.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]


def test_a_worlds_files_events_and_errors_never_hold_the_secret(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_KEY", SECRET)
    llm = OpenAIModel(model="m", base_url=stand_in.url, key="AUDIT_KEY", retries=0)
    broken = Broken()
    world = scripted(author=Agent(llm, {"broken": broken}), architect=Plan(), genre="tale")
    ygg.save(world, tmp_path / "w")
    events: list[str] = []
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {SECRET}", "type": "x"}})
    stand_in.answer = lambda handler, _: send(handler, 401, "application/json", body)
    with listening(lambda e: events.append(f"{e.path} {e.kind} {e.data!r}")), pytest.raises(EndpointError) as failure:
        world.step()
    answer = {"sentence1": "The fox woke.", "sentence2": "Olaf laughed.", "mood": "merry"}
    stand_in.answer = stream(json.dumps(answer))
    with listening(lambda e: events.append(f"{e.path} {e.kind} {e.data!r}")):
        step = world.step()
    assert stand_in.headers[-1]["authorization"] == f"Bearer {SECRET}"
    assert [s.status for s in step.stages[6:]] == ["ran", "failed", "ran", "ran"]
    assert "HTTP 401" in str(step.stages[7].reason)
    ygg.save(world, tmp_path / "copy")
    assert SECRET not in str(failure.value) + json.dumps(world.show()) + "".join(events)
    assert holders(tmp_path) == []
    world.close()
    loaded = ygg.load(tmp_path / "copy")
    assert isinstance(loaded, World)
    loaded.step()
    assert holders(tmp_path) == []


def test_an_endpoint_named_on_the_command_line_gets_the_key_of_the_environment(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    named = language_model(f"openai:org/model@{stand_in.url}")
    named.run(messages=ask)
    assert stand_in.headers[-1]["authorization"] == f"Bearer {SECRET}"
    assert stand_in.asked[-1]["model"] == "org/model"
    ygg.save(named, tmp_path / "llm")
    assert holders(tmp_path) == [] and "OPENAI_API_KEY" in (tmp_path / "llm" / "manifest.yaml").read_text()
    monkeypatch.delenv("OPENAI_API_KEY")
    language_model(f"openai:m@{stand_in.url}").run(messages=ask)
    assert "authorization" not in stand_in.headers[-1]


@pytest.mark.parametrize("settings", [{"key": SECRET}, {"api_key": SECRET}, {"base_url": f"http://u:{SECRET}@h/v1"}])
def test_a_refused_setting_does_not_repeat_the_secret(settings: dict[str, Any]) -> None:
    settings = {"model": "m", "base_url": "http://h/v1", **settings}
    with pytest.raises(ConfigError) as failure:
        OpenAIModel(**settings)
    assert SECRET not in str(failure.value)
