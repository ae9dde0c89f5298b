"""A tiny random model that looks, as transformers saves one in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}{% for part in m.content %}{% if part.type == 'image' %}<image>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}"
)


def tiny_folder(folder: Path) -> Path:
    """A random Llava of one layer on 8 × 8 pixels, with a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )

    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, []))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokens, eos_token="<end>", pad_token="<end>", additional_special_tokens=["<image>"]
    )
    size = CLIPImageProcessorPil(size={"shortest_edge": 8}, crop_size={"height": 8, "width": 8})
    kinds: dict[str, Any] = {
        "patch_size": 4,
        "vision_feature_select_strategy": "default",
        "num_additional_image_tokens": 1,
    }
    LlavaProcessor(size, tokenizer, chat_template=TEMPLATE, **kinds).save_pretrained(folder)
    sight = CLIPVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                             image_size=8, patch_size=4, projection_dim=16)  # fmt: skip
    end, image = (tokenizer.get_vocab()[token] for token in ("<end>", "<image>"))
    text = LlamaConfig(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                       num_attention_heads=2, num_key_value_heads=2, eos_token_id=end)  # fmt: skip
    torch.manual_seed(3)
    config = LlavaConfig(vision_config=sight, text_config=text, image_token_index=image, vision_feature_layer=-1)
    model: Any = LlavaForConditionalGeneration(config)
    model.save_pretrained(folder)
    return folder
