"""The settings that every block behind an endpoint has, and its way to the shared connection."""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from yggdrasil.blocks.endpoint.connection import Ask, Connection, RequestBounds, Say
from yggdrasil.blocks.endpoint.dialect import MAY_BE_LEFT_OUT, Request
from yggdrasil.blocks.endpoint.errors import EndpointError, EndpointRefused, nonsense
from yggdrasil.blocks.endpoint.proxy import proxy_for
from yggdrasil.contract import Block, here
from yggdrasil.contract.shared_objects import one_instance

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import AsyncOpenAI

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)
Words = Annotated[Sequence[str], AfterValidator(tuple)]
Price = Annotated[float, Field(ge=0, le=1e6)]


class Prices(TypedDict, total=False):
    """What the endpoint charges, in one currency: a million tokens read (`input`) and written (`output`), one
    `picture`, a million `letters` read aloud."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    input: Price
    output: Price
    picture: Price
    letters: Price


def cost_of_tokens(prices: Prices, read: int, written: int) -> float:
    """The cost of a turn, in the currency of the prices."""
    return (read * prices.get("input", 0) + written * prices.get("output", 0)) / 1e6


class SpentOutputs(TypedDict):
    """What one call took: tokens read and written, where the endpoint counts them, and its cost by the prices."""

    prompt: int
    completion: int
    cost: float


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, password or query: name the secret's variable in `key`")
    return url.rstrip("/")


def _variable(name: str) -> str:
    if name and not (name.isascii() and name.replace("_", "a").isalnum() and name.upper() == name and len(name) <= 64):
        raise ValueError("key is the NAME of an environment variable, such as OPENAI_API_KEY, never the secret")
    return name


def _left_out(name: str) -> str:
    if name not in MAY_BE_LEFT_OUT:
        raise ValueError(f"without names fields that may be left out: {', '.join(MAY_BE_LEFT_OUT)}")
    return name


class EndpointBlock(Block):
    """A block whose work is done behind an OpenAI-compatible endpoint.

    `key` names the environment variable of the secret. Blocks of one base_url and secret share one connection, on
    which at most `concurrency` requests are under way and the others wait in order. A request takes at most `timeout`
    seconds from when its turn comes, with up to `retries` further tries while nothing was told of an answer; one that
    costs (it is priced, or its block says so) goes again only if it surely was not taken, or if the endpoint is
    `idempotent`: takes requests of one Idempotency-Key once. `without` names fields that are never sent, such as
    temperature; one that the server refuses is left out from then on by itself, and told.
    """

    heavy = True
    costs: ClassVar[bool] = False

    model: str
    base_url: Annotated[str, AfterValidator(_plain_url)]
    key: Annotated[str, AfterValidator(_variable)] = ""
    timeout: Annotated[float, Field(gt=0, le=86400)] = 120.0
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    concurrency: Annotated[int, Field(ge=1, le=1024)] = 8
    prices: Prices = {}
    idempotent: bool = False
    without: Annotated[Sequence[Annotated[str, AfterValidator(_left_out)]], AfterValidator(tuple)] = ()

    def ask(self, ask: Ask[T]) -> T:
        """What `ask`, given the client, comes back with. Raises EndpointError by kind, Cancelled."""
        once = (self.costs or any(self.prices.values())) and not self.idempotent
        key = str(uuid4()) if self.idempotent else ""
        connection = self._connection()
        try:
            return connection.ask(ask, RequestBounds(self.timeout, self.retries, self.concurrency, once, key))
        except EndpointError as error:
            error.what += f" ({self.model} at {self.base_url})"
            raise

    def spoken(self, request: Request, ask: Callable[[Request], T]) -> T:
        """What `ask` gives for the request as this server takes it: what it refuses is left out from then on."""
        dialect = self._connection().dialects[self.model]
        while True:
            sent = dialect.spoken(request, self.without)
            known = len(dialect.without)
            try:
                return ask(sent)
            except EndpointRefused as refusal:
                learnt = dialect.learn(refusal, sent)
                if not learnt:
                    raise
                if len(dialect.without) > known:
                    here().note(learnt)

    def ask_for(self, shape: type[Shape], ask: Callable[[AsyncOpenAI], Awaitable[Any]]) -> Shape:
        """The JSON answer of a raw request, in the given shape. Raises EndpointNonsense for anything else."""

        async def asked(client: AsyncOpenAI, say: Say) -> Shape:
            del say
            return read_json(shape, (await ask(client)).http_response)

        return self.ask(asked)

    def _connection(self) -> Connection:
        secret = self._secret()
        proxy = proxy_for(self.base_url)
        known = ("endpoint", self.base_url, str(hash(secret)), str(hash(proxy)))
        self._held = one_instance(known, functools.partial(Connection, self.base_url, secret, proxy))
        return self._held

    def _secret(self) -> str:
        if not self.key:
            return ""
        found = os.environ.get(self.key)
        if not found:
            raise EndpointError(
                f"the environment variable {self.key} is not set",
                mend=f"export {self.key}=… before the run; a secret never stands in a manifest",
            )
        return found


def media(response: Any) -> str:
    """The media type of an answer, without its parameters."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_json(shape: type[Shape], response: Any) -> Shape:
    """The body of an answer in a shape. Raises EndpointNonsense that says what came instead."""
    if "html" in media(response):
        raise nonsense("a web page instead of JSON")
    try:
        return shape.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise nonsense(f"JSON of another form ({place or 'body'}: {first['msg']})") from None
