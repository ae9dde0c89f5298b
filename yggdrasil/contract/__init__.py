"""The contract floor: what a block is. A plugin needs nothing else."""

from yggdrasil.contract.artifacts import Artifact, ArtifactStore, FolderArtifacts, MemoryArtifacts
from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here, here, standing
from yggdrasil.contract.entry_points import register_genre
from yggdrasil.contract.errors import (
    ArtifactError,
    Cancelled,
    ConfigError,
    ManifestError,
    MissingFile,
    NotStored,
    Paused,
    PortError,
    UnknownType,
    WeightsError,
    WiringError,
    YggError,
)
from yggdrasil.contract.events import KINDS, SCHEMAS, USUAL, Event, EventKind, Reason, reason
from yggdrasil.contract.further_call import FurtherCall
from yggdrasil.contract.journal import Journal
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.readers import ReaderDropped
from yggdrasil.contract.roles import Role, register_role
from yggdrasil.contract.running import Outputs, listening
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.stream import Stream
from yggdrasil.contract.value_forms import Form
from yggdrasil.contract.values import register as register_kind

__all__ = [
    "KINDS",
    "SCHEMAS",
    "USUAL",
    "Artifact",
    "ArtifactError",
    "ArtifactStore",
    "Block",
    "CancelToken",
    "Cancelled",
    "ConfigError",
    "Event",
    "EventKind",
    "FileRef",
    "FolderArtifacts",
    "Form",
    "FurtherCall",
    "Here",
    "Journal",
    "Kind",
    "ManifestError",
    "MemoryArtifacts",
    "MissingFile",
    "NotStored",
    "Outputs",
    "Paused",
    "PortError",
    "ReaderDropped",
    "Reason",
    "Role",
    "Stream",
    "UnknownType",
    "WeightsError",
    "WiringError",
    "YggError",
    "derive_seed",
    "here",
    "listening",
    "reason",
    "register_genre",
    "register_kind",
    "register_role",
    "standing",
]
