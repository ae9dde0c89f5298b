"""A fast tokenizer out of one tokenizer.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yggdrasil.contract import WeightsError
from yggdrasil.contract.libraries import IMPORTING


def fast_tokenizer(path: Path, **settings: Any) -> Any:
    """The tokenizer of a file alone; nothing of it is run. Raises WeightsError for a file that is none."""
    with IMPORTING:
        from transformers import PreTrainedTokenizerFast

    try:
        return PreTrainedTokenizerFast(tokenizer_file=str(path), **settings)
    except Exception as error:  # tokenizers raises nothing narrower for a file that it cannot read
        mend = "fetch it again, or save it by save_pretrained of the model's fast tokenizer"
        raise WeightsError(f"is no tokenizer ({error!s:.200})", where=str(path), mend=mend) from None
