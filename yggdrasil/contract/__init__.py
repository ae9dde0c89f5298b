"""The contract floor: what a block is. A plugin needs nothing else."""

from yggdrasil.contract.artifacts import Artifact, ArtifactStore, FolderArtifacts, MemoryArtifacts
from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.context import Here, Journal, derive_seed, here, standing
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
from yggdrasil.contract.events import CancelToken, Event
from yggdrasil.contract.running import Outputs, Stream, listening

__all__ = [
    "Artifact",
    "ArtifactError",
    "ArtifactStore",
    "Block",
    "CancelToken",
    "Cancelled",
    "ConfigError",
    "Event",
    "FileRef",
    "FolderArtifacts",
    "Here",
    "Journal",
    "ManifestError",
    "MemoryArtifacts",
    "MissingFile",
    "NotStored",
    "Outputs",
    "Paused",
    "PortError",
    "Stream",
    "UnknownType",
    "WeightsError",
    "WiringError",
    "YggError",
    "derive_seed",
    "here",
    "listening",
    "standing",
]
