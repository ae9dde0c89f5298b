"""What a type checker is told of the shelf's items: what each is and takes. They are no classes of their own when run;
a test holds them to the ports of what is really loaded.
"""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.kinds import Image, Images, Text
from yggdrasil.levels.graph import Graph, Pipeline


class Painter(Graph, init=False):
    """`painter`: text → image."""

    def forward(
        self,
        prompt: Text,
        negative_prompt: Text = ...,
        guidance_scale: float = ...,
        image: Image | None = ...,
        seed: int = ...,
        count: int = ...,
        steps: int = ...,
        strength: float = ...,
    ) -> Any: ...


class Illustrator(Pipeline, init=False):
    """`illustrate`, `illustrate-large`: text → a drawing, repainted."""

    def forward(self, prompt: Text, seed: int = ..., strength: float = ...) -> Any: ...


class Upscaler(Graph, init=False):
    """`upscaler`: image → a larger one."""

    def forward(self, image: Image, images: Images | None = ...) -> Any: ...


class Seer(Block):
    """`seer`: image → what is on it."""

    def forward(self, image: Image) -> Any: ...


class Voice(Block):
    """`voice`: text → audio."""

    def forward(self, text: Text, seed: int = ...) -> Any: ...


class Embedder(Block):
    """`embedder`: text → numbers."""

    def forward(self, text: Text) -> Any: ...
