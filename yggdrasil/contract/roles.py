"""Roles as data: the ports that each promises, and who feeds it without an edge; strangers' come by entry point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yggdrasil.contract.block import Block
from yggdrasil.contract.entry_points import only, opened, points
from yggdrasil.contract.errors import ConfigError, WiringError
from yggdrasil.contract.os_fork import rlock

GROUP = "yggdrasil.roles"
Sources = tuple[str, ...]
"""Outputs as `Role.port`, the most wanted first."""


def _no_names() -> dict[str, str]:
    return {}


def _no_sources() -> dict[str, Sources]:
    return {}


@dataclass(frozen=True)
class Role:
    """What a block that claims the role has, and how a graph wires it where nobody drew an edge.

    `needs`, `gives`: inputs and outputs that must be there; a block may have more.
    `takes`: input → the outputs that feed it; `joins`: input → how several of them are joined.
    `carries`: input → the outputs that feed it in the next round of the loop that the role drives, which lasts
    `until` an output of its own is None; `previews`: the input that can show the loop's state.
    `inner`: inputs that make no sense as a graph's own: what feeds them must stand in the graph; `within`: the same, of
    inputs that may go without.
    `own`: further inputs that its blocks mostly have, which nothing feeds: a graph shows them under these names.
    `shown`: input → its name among the inputs of a graph; `serves`: input → the output for which alone it is there, so
    that a graph does not ask for it where nothing reads that; `results`: outputs that a graph shows whatever ends it;
    `ends`: output → its name among those of a graph that nothing else ends.
    """

    name: str
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    takes: Mapping[str, Sources] = field(default_factory=_no_sources)
    joins: Mapping[str, str] = field(default_factory=_no_names)
    carries: Mapping[str, Sources] = field(default_factory=_no_sources)
    until: str = ""
    previews: Sources = ()
    inner: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    shown: Mapping[str, str] = field(default_factory=_no_names)
    serves: Mapping[str, str] = field(default_factory=_no_names)
    results: tuple[str, ...] = ()
    ends: Mapping[str, str] = field(default_factory=_no_names)


CANON: tuple[Role, ...] = (
    Role(
        "Tokenizer",
        needs=("text",),
        gives=("token_ids", "attention_mask"),
        shown={"text": "prompt", "negative_text": "negative_prompt"},
    ),
    Role(
        "Conditioner",
        gives=("embedding",),
        takes={
            "token_ids": ("Tokenizer.token_ids",),
            "attention_mask": ("Tokenizer.attention_mask",),
            "negative_token_ids": ("Tokenizer.negative_token_ids",),
            "negative_attention_mask": ("Tokenizer.negative_attention_mask",),
        },
        shown={"scale": "guidance_scale"},
        serves={"scale": "negative_embedding"},
    ),
    Role(
        "Pooler",
        gives=("pooled",),
        takes={"hidden": ("Conditioner.embedding",), "attention_mask": ("Tokenizer.attention_mask",)},
    ),
    Role(
        "Projection",
        gives=("embedding",),
        takes={
            "words": ("Conditioner.embedding",),
            "negative_words": ("Conditioner.negative_embedding",),
            "attention_mask": ("Tokenizer.attention_mask",),
            "negative_attention_mask": ("Tokenizer.negative_attention_mask",),
        },
    ),
    Role("PositionEmbedder", gives=("positions",), takes={"latent": ("Solver.model_latent", "Solver.next_latent")}),
    Role(
        "Adapter",
        takes={
            "latent": ("Solver.model_latent", "Solver.next_latent"),
            "timestep": ("Solver.next_timestep",),
            "condition": ("Conditioner.embedding",),
        },
        gives=("adapted",),
    ),
    Role(
        "Backbone",
        needs=("latent", "timestep"),
        gives=("pred",),
        takes={
            "condition": ("Projection.embedding", "Conditioner.embedding"),
            "negative": ("Projection.negative_embedding", "Conditioner.negative_embedding"),
            "pooled": ("Pooler.pooled", "Projection.pooled", "Conditioner.pooled"),
            "negative_pooled": ("Projection.negative_pooled", "Conditioner.negative_pooled"),
            "positions": ("PositionEmbedder.positions",),
            "adapter_features": ("Adapter.adapted",),
            "latent": ("Solver.model_latent", "Solver.next_latent"),
            "timestep": ("Solver.next_timestep",),
        },
        joins={"adapter_features": "list"},
        within=("adapter_features",),
        shown={"scale": "guidance_scale"},
    ),
    Role(
        "Guidance",
        needs=("pred_cond", "pred_uncond"),
        gives=("pred_guided",),
        takes={"pred_cond": ("Backbone.pred",), "pred_uncond": ("Backbone.pred_uncond",)},
        inner=("pred_cond",),
        shown={"scale": "guidance_scale"},
    ),
    Role("NoiseSchedule", gives=("noise_schedule",)),
    Role(
        "Solver",
        needs=("latent", "timestep", "pred"),
        gives=("next_latent", "next_timestep"),
        takes={"image_latent": ("Codec.latent",), "noise_schedule": ("NoiseSchedule.noise_schedule",)},
        carries={
            "pred": ("Guidance.pred_guided", "Backbone.pred"),
            "latent": ("Solver.next_latent",),
            "timestep": ("Solver.next_timestep",),
            "schedule": ("Solver.schedule",),
        },
        until="next_timestep",
        previews=("Codec.latent",),
        inner=("pred",),
        own=("steps", "strength", "seed", "count"),
        results=("seeds", "steps_run"),
        ends={"next_latent": "latent"},
    ),
    Role("Codec", own=("image",), takes={"latent": ("Solver.next_latent",), "size": ("Codec.size",)}),
    Role("LLM", needs=("messages",), gives=("text",)),
    Role("VLM", needs=("image",), gives=("text",)),
    Role("Scorer", gives=("score",)),
    Role("Agent", needs=("prompt",), gives=("response",)),
    Role("Tool"),
)
"""The roles of the canon, in the order in which a graph wires them."""

_roles: dict[str, Role] = {role.name: role for role in CANON}
_lock = rlock()


def register_role(role: Role) -> Role:
    """Make a role known in this process; a package announces its roles as entry points of `yggdrasil.roles`.

    Raises ConfigError if the name means another role already.
    """
    with _lock:
        known = _roles.setdefault(role.name, role)
    if known != role:
        raise ConfigError(f"there is a role {role.name!r} already", mend="give yours another name")
    return role


def find_role(name: str, where: str = "") -> Role | None:
    """The role of that name; None where nobody has registered one: it promises nothing and wires by port names."""
    with _lock:
        claims = points(GROUP).get(name)
        if name not in _roles and claims:
            point = only(f"role {name!r}", claims, where)
            found = opened(f"role {name!r}", point, where)
            if not isinstance(found, Role) or found.name != name:
                what = f"entry point {name!r} ({point.value}) gives {found!r:.60}"
                raise ConfigError(what, where=where, mend="let it name a Role of that name")
            _roles[name] = found
        return _roles.get(name)


def role_names() -> list[str]:
    """All roles that can be found now."""
    return sorted({*_roles, *points(GROUP)})


def in_order(names: set[str]) -> list[Role]:
    """The registered ones of these roles, those of the canon first, in the order in which a graph wires them."""
    known = {name: role for name in sorted(names) if (role := find_role(name)) is not None}
    rank = list(_roles)
    return sorted(known.values(), key=lambda role: rank.index(role.name))


def check_role(block: Block, where: str) -> None:
    """A block that claims a role has its ports. Raises WiringError naming the first that lacks."""
    role = find_role(block.role, where) if block.role else None
    if role is None:
        return
    for ports, wanted, side in ((block.inputs, role.needs, "input"), (block.outputs, role.gives, "output")):
        for name in wanted:
            if name not in ports:
                raise WiringError(
                    f"role {role.name} needs the {side} {name!r}, {block.type_name or block.name} has {sorted(ports)}",
                    where=where,
                    mend=f"add {name!r} to its forward, or declare no role",
                )


def sources_of(block: Block, port: str) -> Sources:
    """The outputs (`Role.port`) that would feed an input of this block where nobody drew an edge."""
    role = find_role(block.role) if block.role else None
    return () if role is None else (*role.takes.get(port, ()), *role.carries.get(port, ()))


def hint(block: Block, port: str) -> str:
    """How an input of this block could be had from a node, in words; empty if its role does not say."""
    givers = [f"a {source.replace('.', ' (its `')}`)" for source in sources_of(block, port)]
    return f"add {' or '.join(givers)}" if givers else ""
