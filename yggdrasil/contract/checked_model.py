"""Bounds that a person sets together; a wrong one is an error of ours, by its name and with a mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from yggdrasil.contract.errors import ConfigError, did_you_mean


class Checked(BaseModel):
    """Base of such a model; `called` is what one of its fields is called in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    called: ClassVar[str] = "setting"

    if not TYPE_CHECKING:

        def __init__(self, **given: Any) -> None:
            """Raises ConfigError for a bound that is out of its range."""
            try:
                super().__init__(**given)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                name = ".".join(map(str, first["loc"]))
                what = f"the {self.called} {name!r} cannot be {first['input']!r:.60}"
                raise ConfigError(what, where=f"{self.called}s", mend=first["msg"]) from None

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Raises ConfigError for a bound that there is not."""
        for name in cast("dict[str, Any]", given) if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                mend = did_you_mean(name, cls.model_fields)
                raise ConfigError(f"there is no {cls.called} {name!r}", where=f"{cls.called}s", mend=mend)
        return cast("object", given)
