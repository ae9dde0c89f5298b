"""Pictures of LangChain tools are seen by the model, not read to it as base64."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from langchain_core.tools import StructuredTool
from PIL import Image

import yggdrasil as ygg
from tests.agent.scripted import calls, says
from yggdrasil.testing.model import ScriptedModel


def picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


PNG = picture()
FORMS: dict[str, dict[str, Any]] = {
    "langchain": {"type": "image", "base64": PNG, "mime_type": "image/png"},
    "langchain 0.3": {"type": "image", "source_type": "base64", "data": PNG, "mime_type": "image/png"},
    "a data url": {"type": "image", "url": f"data:image/png;base64,{PNG}"},
    "openai": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    "mcp": {"type": "image", "data": PNG, "mimeType": "image/png"},
}


def told(give: Any, **how: Any) -> Any:
    """What the model is told of a call of a tool that gives this."""

    def look() -> Any:
        """Look."""
        return give

    tool = StructuredTool.from_function(look, **how)
    agent = ygg.Agent(ScriptedModel([calls(("c", "look", {})), says("done")]), [tool])
    agent.run("Look.")
    return next(said["content"] for said in agent.memory.messages if said["role"] == "tool")


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_in_any_form_of_block_is_a_picture(form: str) -> None:
    content = told([{"type": "text", "text": "A sail."}, FORMS[form]])
    assert [part["type"] for part in content] == ["text", "image"]
    assert "A sail." in content[0]["text"] and PNG not in str(content)


def test_what_stands_beside_the_content_is_seen_and_not_read() -> None:
    both = ("A sail.", [FORMS["mcp"]])
    content = told(both, response_format="content_and_artifact")
    assert [part["type"] for part in content] == ["text", "image"] and "A sail." in content[0]["text"]
    assert told(("Rows.", {"secret": 1}), response_format="content_and_artifact") == "Rows."


def test_words_in_blocks_are_words_and_other_data_stays() -> None:
    assert told([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]) == "a\nb"
    assert told([{"kind": "a"}, 2]) == '{"result": [{"kind": "a"}, 2]}'
    assert "https://x.org/a.png" in told([{"type": "image", "url": "https://x.org/a.png"}])
    assert "no base64" in told([{"type": "image", "base64": "?!", "mime_type": "image/png"}])


def test_a_file_is_an_artifact() -> None:
    content = told([{"type": "file", "base64": base64.b64encode(b"%PDF-").decode(), "mime_type": "application/pdf"}])
    assert '"media_type": "application/pdf"' in content and "sha256" in content
