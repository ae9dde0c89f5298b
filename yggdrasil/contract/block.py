"""Block: the one base of all levels; it stores a config, weights and state, and computes ports from ports."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from yggdrasil.contract import registry
from yggdrasil.contract.config import Arguments, config_model, open_settings, validated, validated_one
from yggdrasil.contract.coroutines import as_plain
from yggdrasil.contract.docstrings import told_in
from yggdrasil.contract.errors import ConfigError, MissingFile
from yggdrasil.contract.file_roles import WEIGHTS, FileRef, is_weights
from yggdrasil.contract.own_attributes import absent, check_own, check_written, refuse_strange
from yggdrasil.contract.ports import Ports, input_ports, output_ports
from yggdrasil.contract.runs import Runs

if TYPE_CHECKING:
    from yggdrasil.contract.further_call import FurtherCall
    from yggdrasil.contract.manifest import Manifest


@dataclass_transform(kw_only_default=True)
class Block(Runs):
    """Base of everything. Write `forward` and annotated fields; call `run`, `stream`, or draw it in a graph.

    Fields annotated in the class body are the config (checked by pydantic, saved in the manifest);
    the parameters of `forward` are the inputs, its return annotation the outputs. A block that `remembers` reads
    `here().memory()` in its `forward` and says `here().remember(…)`. A class that keeps the `__init__` of a block
    with one of its own says `init=False`, so that an editor completes that one.
    """

    type_name: ClassVar[str] = ""
    role: ClassVar[str] = ""
    kind: ClassVar[str] = "block"
    heavy: ClassVar[bool] = False
    pure: ClassVar[bool] = False
    """Whether its results hang on inputs, settings, weights and seed alone: only then may they be kept."""
    remembers: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    """Whether it does no harm to run it twice for one call; else a call whose end is not known becomes a question."""
    only_with: ClassVar[Mapping[str, str]] = {}
    """Inputs that are read only where another one is given: a graph that lacks that one refuses them."""
    unfiled: ClassVar[str] = "give the block its files, or load it by ygg.load"
    """How a block comes by a file that it lacks."""
    _changes: int = 0
    __ygg_root__: ClassVar[bool] = True
    __signature__: ClassVar[Any] = Arguments()

    def __init_subclass__(cls, type: str = "", role: str = "", init: bool = True, **rest: Any) -> None:
        del init
        super().__init_subclass__(**rest)
        if role:
            cls.role = role
        cls.type_name = type
        check_written(cls)
        if "forward" in vars(cls):
            cls.forward = as_plain(cls.forward)
        if type:
            registry.register(type, cls)

    def __init__(self, **config: Any) -> None:
        self.serial: int = next(_serials)
        self.name: str = (self.type_name or self.__class__.__name__).rpartition("/")[2].lower()
        self.files: dict[str, FileRef] = {}
        self.origin: str = ""
        self.origin_digests: dict[str, str] = {}
        self.formerly: tuple[str, ...] = ()
        self.origin_structure: str = ""
        for field, value in validated(self.__class__, config).items():
            object.__setattr__(self, field, value)

    if not TYPE_CHECKING:  # or a type checker would let pass whatever is set or read
        __getattr__ = absent

        def __setattr__(self, name: str, value: Any) -> None:
            if not name.startswith("_"):
                if name not in vars(self) and not hasattr(self.__class__, name):
                    refuse_strange(self, name)
                if name in config_model(self.__class__).model_fields:
                    value = validated_one(self.__class__, name, value)
                else:
                    check_own(self, name, value)
                self._changes += 1
            object.__setattr__(self, name, value)

    def called(self, name: str) -> None:
        """Take the name of its place, unless the name is a setting, which says it better."""
        if "name" not in config_model(self.__class__).model_fields:
            self.name = name

    def touched(self) -> Any:
        """Differs after any change of a setting, file or part: what was remembered about the block is then stale.

        A list or dict that is a setting counts as it is now: it may have been changed where it stands.
        """
        held = open_settings(self.__class__)
        return (self._changes, repr([getattr(self, name) for name in held])) if held else self._changes

    @property
    def further_calls(self) -> Mapping[str, FurtherCall]:
        """Inputs that further calls of a block feed which feeds another input of this one, as those of a guidance."""
        return {}

    def unread(self, given: Mapping[str, Any]) -> Collection[str]:
        """The inputs that this run does not need, judged by those that are known before: what only feeds such, and
        stands in a graph, is not run. A block whose results hang on all of its inputs has none.
        """
        del given
        return ()

    def joined(self, calls: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The inputs of one call of `forward` that does the work of several; None where each must be made alone."""
        del calls
        return None

    def parted(self, outputs: dict[str, Any], count: int) -> list[dict[str, Any]]:
        """What each of the `count` calls that were joined would have given."""
        raise ConfigError(f"{self.__class__.__name__} has no parted", mend="write it: it undoes what `joined` does")

    def kept_call(self) -> dict[str, Any]:
        """What the call that runs here was given beside its inputs, as JSON for a session's log; {} for nothing."""
        return {}

    def called_again(self, kept: dict[str, Any]) -> dict[str, Any]:
        """What stands in the surroundings (`shared`) of a call that goes on, of which `kept_call` gave `kept`.

        Raises PortError, before anything runs, for what must be given again.
        """
        del kept
        return {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The raw computation; each subclass writes its own, with named and annotated parameters."""
        raise ConfigError(f"{self.__class__.__name__} has no forward", mend="write forward: it is what the block does")

    @property
    def inputs(self) -> Ports:
        """Input ports by name, in the order of the signature."""
        return _class_ports(self.__class__)[0]

    @property
    def outputs(self) -> Ports:
        """Output ports by name."""
        try:
            return _ports[self.__class__][1]
        except KeyError:
            return _class_ports(self.__class__)[1]

    def unsaved(self) -> str:
        """The place among its attributes of weights, an array or a picture that no save would keep; '' for none."""
        from yggdrasil.contract.held_weights import lost_at_saving

        return "" if self.tensors() is not None else lost_at_saving(self)

    def config(self) -> dict[str, Any]:
        """The config as JSON; what differs from the defaults is what a manifest holds.

        Raises ConfigError for a list or dict into which something illegal was put after it was given.
        """
        model = config_model(self.__class__)
        values = {f: getattr(self, f) for f in model.model_fields}
        values |= {f: validated_one(self.__class__, f, values[f]) for f in open_settings(self.__class__)}
        return model.model_construct(**values).model_dump(mode="json", exclude_defaults=True)

    def children(self) -> Mapping[str, Block]:
        """Parts by node name; a block that holds none is a leaf."""
        return {}

    def structure(self) -> dict[str, Any]:
        """What a container adds to its manifest besides nodes: edges, loops (JSON)."""
        return {}

    @classmethod
    def migrated(cls, config: dict[str, Any], format: int) -> dict[str, Any]:
        """The config as this version writes it, out of a manifest of an earlier format; most never changed."""
        del format
        return config

    @classmethod
    def restructured(cls, structure: dict[str, Any], nodes: Mapping[str, Manifest], format: int) -> dict[str, Any]:
        """The same for what a container adds to its manifest; `nodes` are its parts as that format had them."""
        del nodes, format
        return structure

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        """Build from the parts of a manifest; a container overrides this to take its nodes."""
        if nodes:
            raise ConfigError(f"type {cls.type_name!r} takes no nodes", mend="remove `nodes` from its manifest")
        return cls(**config)

    def lived(self) -> dict[str, Any]:
        """What its parts remember in the session kept on this block: place → JSON, saved and loaded with it."""
        from yggdrasil.contract.session import own_session

        return own_session(self).to_json()

    def keep(self, folder: Path) -> None:
        """Write into `folder` what the block has lived that no JSON state holds; most have nothing."""

    def founding(self) -> str:
        """A digest that names what `keep` writes, which must be there when the block is loaded; '' for nothing."""
        return ""

    def revive(self, folder: Path, founding: str = "") -> None:
        """Take up what `keep` wrote; `founding` is what it was named when it was saved."""

    def tensors(self) -> dict[str, Any] | None:
        """Weights that no file holds yet (name → tensor), for saving; None if files say it all."""
        return None

    def altered(self) -> bool:
        """Whether it computes otherwise than its settings and files say: then no result of it is kept."""
        return self.tensors() is not None

    def stored(self, ref: FileRef) -> None:
        """Take up the file into which `tensors` were written: from now on its weights are in it."""
        self.files = {role: old for role, old in self.files.items() if not is_weights(role)} | {WEIGHTS: ref}

    def file(self, role: str = "weights") -> Path:
        """The path of a file of this block. Raises MissingFile that says how to get it."""
        ref = self.files.get(role)
        if ref is not None and ref.path is not None and ref.path.exists():
            return ref.path
        source = ref.source if ref is not None else None
        pull = f"run: yggdrasil models pull {source.partition('#')[0]}" if source else ""
        mend = pull or self.unfiled
        raise MissingFile(f"file {role!r} of {self.type_name or self.name!r} is not here", where=self.name, mend=mend)

    def pieces(self) -> dict[str, FileRef]:
        """The files of its weights, by role."""
        return {role: ref for role, ref in self.files.items() if is_weights(role)}

    def __repr__(self) -> str:
        return f"<{self.kind} {self.type_name or self.__class__.__name__} {self.name!r}>"

    def _repr_html_(self) -> str:
        from yggdrasil.contract.shown_in_notebooks import block_as_html

        return block_as_html(self)


_serials = itertools.count(1)
_ports: dict[type[Block], tuple[Ports, Ports]] = {}


def _class_ports(cls: type[Block]) -> tuple[Ports, Ports]:
    if cls.forward is Block.forward:
        raise ConfigError(f"{cls.__name__} has no forward", mend="write forward: it is what the block does")
    if cls not in _ports:
        _ports[cls] = (input_ports(cls.forward), output_ports(cls.forward))
    return _ports[cls]


def description(block: Block) -> str:
    """What the block's docstring tells a model or a person that would call it.

    What a level or an agent is made for its class cannot say: without words of its own it says what its lone body does.
    """
    if _is_made_by_hand(block) and not (getattr(block, "about", "") or getattr(block, "instructions", "")):
        return description(next(iter(block.children().values()))) if list(block.children()) == ["body"] else ""
    own = block.__class__.__dict__.get("__doc__") or block.__class__.__doc__
    return inspect.cleandoc(getattr(block, "about", "") or getattr(block, "instructions", "") or told_in(own).about)


def _is_made_by_hand(block: Block) -> bool:
    """Whether its class is one of ours that holds what others put together."""
    ours = block.__class__.__module__.partition(".")[0] == __name__.partition(".")[0]
    return ours and (block.kind != "block" or block.role == "Agent")
