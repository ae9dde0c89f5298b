"""Empty text encoders of transformers, by the architecture that a config names; none that would load code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yggdrasil.contract import WeightsError
from yggdrasil.contract.libraries import IMPORTING

if TYPE_CHECKING:
    from torch import nn

_FETCHING = {"auto_map", "attn_implementation", "_attn_implementation", "quantization_config"}
"""Keys by which a config would have code or kernels loaded from elsewhere."""
_ENCODERS = {"t5": "T5EncoderModel", "umt5": "UMT5EncoderModel"}
"""Architectures with a decoder, of which the encoder alone is built."""


def build_encoder(arch: dict[str, Any], where: str) -> nn.Module:
    """An empty transformers encoder of a known architecture. Raises WeightsError for keys that load code."""
    if "model_type" not in arch or _FETCHING & set(arch):
        raise WeightsError(
            f"its arch must name a model_type of transformers and none of {', '.join(sorted(_FETCHING))}",
            where=where,
            mend="code out of a model's folder is never run; use an architecture that transformers has",
        )
    kind = arch["model_type"]
    rest = {k: v for k, v in arch.items() if k not in ("model_type", "architectures")}
    with IMPORTING:
        import transformers

        try:
            config = transformers.AutoConfig.for_model(kind, **rest)
        except ValueError as error:
            raise WeightsError(f"transformers has no {kind!r}", where=where, mend=str(error)[:200]) from None
        if kind in _ENCODERS:
            return getattr(transformers, _ENCODERS[kind])(config)
        extra = {"add_pooling_layer": False} if kind == "bert" else {}
        return transformers.AutoModel.from_config(config, **extra)
