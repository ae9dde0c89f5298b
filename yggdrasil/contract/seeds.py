"""The seed of a place and call: a function of all that names it, never of what ran before."""

from __future__ import annotations

import hashlib


def derive_seed(*parts: object) -> int:
    """A seed from parts (world seed, variant, step, place, call …): the first 63 bits of their sha256."""
    text = "\x1f".join(str(p) for p in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
