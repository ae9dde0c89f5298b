"""What a type checker reads in place of transformers, whose names are put together when they are asked for."""

from typing import Any

def __getattr__(name: str) -> Any: ...
