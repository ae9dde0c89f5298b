"""Pictures painted behind an endpoint: out of words, or out of another picture and words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypedDict

from pydantic import BaseModel, Field

from yggdrasil.blocks.endpoint.block import EndpointBlock, SpentOutputs, cost_of_tokens
from yggdrasil.blocks.endpoint.dialect import Request
from yggdrasil.blocks.endpoint.errors import nonsense
from yggdrasil.blocks.endpoint.pictures import decoded, png
from yggdrasil.contract import PortError
from yggdrasil.ports import Image, Json, Text

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Size = Annotated[str, Field(pattern=r"^(|auto|[1-9]\d{0,4}x[1-9]\d{0,4})$")]


class Painted(TypedDict):
    """`usage` is {prompt, completion, cost}: tokens where the endpoint counts them."""

    image: Image
    usage: Json


class _Picture(BaseModel):
    b64_json: str | None = None
    url: str | None = None


class _Counted(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0


class _Pictures(BaseModel):
    data: Annotated[list[_Picture], Field(min_length=1)]
    usage: _Counted | None = None


class EndpointPictures(EndpointBlock):
    """What painting and repainting behind an endpoint share.

    The picture comes as bytes in the answer: `base64` asks for that (some models do so unasked and refuse the word).
    `seeded` sends the seed along, which local servers take and OpenAI's own refuses.
    """

    costs: ClassVar[bool] = True

    base64: bool = True
    seeded: bool = True

    def _asked(self, size: str, seed: int, ask: Callable[[AsyncOpenAI, Request], Awaitable[Any]]) -> Painted:
        """One picture by `ask`, which adds to the request what is its own."""
        request: Request = {"model": self.model, "n": 1}
        if size:
            request["size"] = size
        if self.base64:
            request["response_format"] = "b64_json"
        if self.seeded:
            request["seed"] = seed % 2**31

        def asked(sent: Request) -> _Pictures:
            known = {name: value for name, value in sent.items() if name != "seed"}
            more = {"extra_body": {"seed": sent["seed"]}} if "seed" in sent else {}
            return self.ask_for(_Pictures, lambda client: ask(client, {**known, **more}))

        return self._painted(self.spoken(request, asked))

    def _painted(self, answer: _Pictures) -> Painted:
        (first, *_) = answer.data
        if first.b64_json is None:
            raise nonsense("an address instead of a picture; no address is fetched, so set `base64`")
        try:
            image = decoded(base64.b64decode(first.b64_json, validate=True))
        except (binascii.Error, ValueError, PortError) as error:
            raise nonsense(f"a picture that cannot be read ({type(error).__name__})") from None
        counted = answer.usage or _Counted()
        cost = self.prices.get("picture", 0) + cost_of_tokens(self.prices, counted.input_tokens, counted.output_tokens)
        return Painted(image=image.convert("RGB"), usage=SpentOutputs(prompt=counted.input_tokens,
                       completion=counted.output_tokens, cost=cost))  # fmt: skip


class EndpointPainter(EndpointPictures, type="image/openai", role="Tool"):
    """Paint a picture from a text."""

    def forward(self, prompt: Text, seed: Seed = 0, size: Size = "") -> Painted:
        """One picture, RGB; `size` is WIDTHxHEIGHT in pixels. Raises EndpointError by kind."""

        def ask(client: AsyncOpenAI, request: Request) -> Awaitable[Any]:
            return client.images.with_raw_response.generate(prompt=prompt, **request)

        return self._asked(size, seed, ask)


class EndpointRepainter(EndpointPictures, type="image/openai_edit", role="Tool"):
    """Repaint a picture as a text says."""

    def forward(self, image: Image, prompt: Text, seed: Seed = 0, size: Size = "") -> Painted:
        """One picture, RGB; `size` is WIDTHxHEIGHT in pixels. Raises EndpointError by kind."""

        def ask(client: AsyncOpenAI, request: Request) -> Awaitable[Any]:
            sent = ("picture.png", png(image), "image/png")
            return client.images.with_raw_response.edit(image=sent, prompt=prompt, **request)

        return self._asked(size, seed, ask)
