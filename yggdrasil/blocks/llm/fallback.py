"""Several models as one: who fails or refuses is followed by the next, and the run says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from yggdrasil.blocks.llm.asked import calls_tools, inputs_of, is_llm
from yggdrasil.blocks.llm.errors import NotAble
from yggdrasil.blocks.llm.language_model import LanguageModel, Message, Turn, as_turn, reads
from yggdrasil.contract import Block, ConfigError, PortError, YggError, here
from yggdrasil.contract.errors import CONTROL
from yggdrasil.contract.running import drive

T = TypeVar("T")
REFUSED = "content_filter"
"""How an endpoint says that its model will not answer this."""


class NoModelAnswered(YggError):
    """Every model of a fallback failed; the last one's own error is the cause."""


class Fallback(LanguageModel, type="llm/fallback", init=False):
    """Ask the first model, and where it fails or refuses the next one.

    Whether tools are called by the models themselves is said by the first that can be asked; one that calls none is
    then passed over.
    """

    def __init__(self, models: Sequence[Block] = (), **config: Any) -> None:
        super().__init__(**config)
        strange = [model for model in models if not is_llm(model)]
        if len(models) < 2 or strange:
            what = f"has {strange[0]!r}, which is no language model" if strange else f"has {len(models)} models"
            raise ConfigError(
                what, where=self.name, mend="give two or more blocks of role LLM (messages → text), the first one first"
            )
        if len({id(model) for model in models}) < len(models):
            raise ConfigError("names one model twice", where=self.name, mend="give each model once")
        self._models = list(models)

    @property
    def context(self) -> int:
        """How many tokens each of them reads; 0 where none says so."""
        return min((read for model in self._models if (read := int(getattr(model, "context", 0) or 0))), default=0)

    def reads(self) -> int:
        return min((found for model in self._models if (found := reads(model))), default=0)

    def calls_tools(self) -> bool:
        return self._first(calls_tools)

    def chat(self, messages: list[Message], **how: Any) -> Turn:
        """One turn of the first that answers. Raises NoModelAnswered."""

        def asked(model: Block) -> Turn:
            if how.get("tools") and not calls_tools(model):
                mend = "let all be bound by a schema: native_tools=False for the models before it"
                raise YggError("it calls no tools by itself", mend=mend)
            turn = as_turn(drive(model, inputs_of(model, messages, how), name=self._name_of(model)))
            if turn.finish_reason == REFUSED and model is not self._models[-1]:
                raise YggError("it refuses to answer this")
            return turn

        return self._first(asked)

    def choose(self, prefix: str, candidates: list[str]) -> list[float]:
        return self._first(lambda model: _able(model).choose(prefix, candidates))

    def continue_(self, prefix: str, n: int = 1, **how: Any) -> list[str]:
        return self._first(lambda model: _able(model).continue_(prefix, n, **how))

    def _first(self, ask: Callable[[Block], T]) -> T:
        """What the first that does not fail gives; an error that is the caller's own is the same for all."""
        failed, last = list[str](), None
        for model in self._models:
            try:
                return ask(model)
            except (*CONTROL, ConfigError, PortError):
                raise
            except Exception as error:  # a model may fail in any way: the next one is there for that
                name = str(getattr(model, "model", "") or model.name)
                said = error.what if isinstance(error, YggError) else f"{type(error).__name__}: {error}"
                failed.append(f"{name}: {said}")
                last = error
                if model is not self._models[-1]:
                    here().note(f"{name} failed, the next model is asked: {said}", "model_failed", model=name, why=said)
        mend = getattr(last, "mend", "") or "look at each of them alone"
        raise NoModelAnswered(f"no model answered: {'; '.join(failed)}", where=here().path, mend=mend) from last

    def _name_of(self, model: Block) -> str:
        return f"model_{self._models.index(model) + 1}"

    def children(self) -> Mapping[str, Block]:
        return {self._name_of(model): model for model in self._models}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        ordered = sorted(nodes, key=lambda name: int(name.rpartition("_")[2]))
        return cls([nodes[name] for name in ordered], **config)


def _able(model: Block) -> LanguageModel:
    """The model, if it has more abilities than a turn. Raises NotAble."""
    if isinstance(model, LanguageModel):
        return model
    raise NotAble(model.name, "score or continue a bare text", "Use llm/transformers for it")
