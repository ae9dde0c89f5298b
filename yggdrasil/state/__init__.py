"""State and content of worlds: what flows around the cycle, and what World update changes."""

from yggdrasil.state.content import Character, Content, Entity, Item, Place
from yggdrasil.state.errors import OperationError, UnknownName
from yggdrasil.state.operations import Operation, apply, parse_operations
from yggdrasil.state.state import BLOCKS, State, StateError, StateSchema

__all__ = [
    "BLOCKS",
    "Character",
    "Content",
    "Entity",
    "Item",
    "Operation",
    "OperationError",
    "Place",
    "State",
    "StateError",
    "StateSchema",
    "UnknownName",
    "apply",
    "parse_operations",
]
