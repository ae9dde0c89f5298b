"""What may be wrong with a model's answer, or with what is asked of it."""

from __future__ import annotations

from yggdrasil.contract import YggError, here


class TruncatedOutput(YggError):
    """The output met the token limit, so it is not whole and must not be used; `raw` keeps what was written."""

    def __init__(self, limit: int, raw: str, where: str = "") -> None:
        self.limit, self.raw = limit, raw
        super().__init__(
            f"the model's output was cut at the limit of {limit} tokens, so no object is returned",
            where=where,
            mend=f"Raise it with max_tokens={limit * 2}, or ask for a shorter answer",
        )


class InvalidOutput(YggError):
    """The output is whole but is no JSON object of the schema; `raw` keeps what was written."""

    def __init__(self, reason: str, raw: str, where: str = "") -> None:
        self.raw = raw
        super().__init__(
            f"the model's answer is no object of the schema ({reason}): {raw[:200]!r}",
            where=where,
            mend="Use a backend that binds its output to a schema, or a stronger model",
        )


class NotAble(YggError):
    """The backend lacks an ability."""

    def __init__(self, who: str, ability: str, instead: str) -> None:
        super().__init__(f"{who} can't {ability}", where=here().path, mend=instead)
