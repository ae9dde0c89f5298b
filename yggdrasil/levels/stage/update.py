"""The plainest World update: the chronicle becomes part of the story, and nothing else changes."""

from __future__ import annotations

from typing import TypedDict

from yggdrasil.contract.block import Block
from yggdrasil.ports import Json


class Changes(TypedDict):
    """Operations on the world's content."""

    operations: Json


class PlainUpdate(Block, type="update/tell"):
    """Change nothing in the world but its story, to which the world itself adds the chronicle."""

    def forward(self, chronicle: Json) -> Changes:
        return {"operations": []}
