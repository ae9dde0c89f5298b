"""Roles are data: those of the canon are there, a stranger's wires itself, and what is missing is named."""

from pathlib import Path
from typing import TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, ConfigError, PortError, WiringError
from yggdrasil.contract.entry_points import points
from yggdrasil.contract.roles import GROUP, Role, find_role, register_role, role_names
from yggdrasil.ports import Embedding, Latent, Pred, Text, Timestep, TokenIds

CANON = [
    "Tokenizer", "Conditioner", "Backbone", "Guidance", "NoiseSchedule", "PositionEmbedder", "Pooler", "Projection",
    "Solver", "Codec", "Adapter", "LLM", "VLM", "Scorer", "Agent", "Tool",
]  # fmt: skip
register_role(
    Role(
        "Walker",
        needs=("spot",),
        gives=("next_spot",),
        carries={"push": ("Pusher.push",), "spot": ("Walker.next_spot",)},
        until="next_spot",
        inner=("push",),
        shown={"length": "walk"},
        results=("next_spot",),
    )
)
register_role(Role("Pusher", gives=("push",), takes={"spot": ("Walker.next_spot",)}))


class Walk(TypedDict):
    next_spot: int | None


class Walker(Block, role="Walker"):
    """Go on by what is pushed until past the length."""

    def forward(self, spot: int = 0, push: int | None = None, length: int = 10) -> Walk:
        there = spot + (push or 0)
        return {"next_spot": there if there < length else None}


class Pushed(TypedDict):
    push: int


class Pusher(Block, role="Pusher"):
    cacheable = False
    times = 0

    def forward(self, spot: int) -> Pushed:
        Pusher.times += 1
        return {"push": 2 + spot}


@pytest.mark.parametrize("name", CANON)
def test_every_role_of_the_canon_is_there(name: str) -> None:
    role = find_role(name)
    assert role is not None and role.name == name and name in role_names()


def test_a_strangers_roles_drive_a_loop_of_their_own() -> None:
    graph = ygg.Graph("g").add(Walker()).add(Pusher())
    loop = (graph.plan, graph.net.loops)[1][0]
    assert loop.nodes == ("walker", "pusher") and loop.until == "walker.next_spot"
    assert [str(e) for e in loop.carry] == ["pusher.push -> walker.push", "walker.next_spot -> walker.spot"]
    assert "walk" in graph.inputs and list(graph.outputs) == ["next_spot"]
    Pusher.times = 0
    graph.run(walk=20)
    assert Pusher.times == 4, "0, 2, 6, 14, and 30 is past the end"


def test_a_strangers_role_says_what_it_lacks_and_who_could_feed_it_twice() -> None:
    with pytest.raises(
        WiringError, match=r"walker.push has no source.*add a Pusher \(its `push`\).*connect\('self.push"
    ):
        ygg.Graph("g").add(Walker()).run()
    with pytest.raises(WiringError, match=r"walker.push could take pusher.push, pusher2.push.*choose: connect"):
        ygg.Graph("g").add(Walker()).add(Pusher()).add(Pusher()).run()

    class Lame(Block, role="Walker"):
        def forward(self, spot: int) -> int:
            return spot

    with pytest.raises(WiringError, match=r"role Walker needs the output 'next_spot'"):
        ygg.Graph("g").add(Lame())


def test_one_name_is_one_role() -> None:
    assert register_role(Role("Pusher", gives=("push",), takes={"spot": ("Walker.next_spot",)})).name == "Pusher"
    with pytest.raises(ConfigError, match=r"there is a role 'Pusher' already"):
        register_role(Role("Pusher"))
    assert find_role("test_roles: nobody's") is None


def test_a_package_announces_its_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "stranger_role-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-role\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nGroomer = stranger_role:GROOMER\nWrong = stranger_role:GROOMER\n"
    )
    code = "from yggdrasil.contract.roles import Role\nGROOMER = Role('Groomer', needs=('mane',), gives=('braid',))\n"
    (tmp_path / "stranger_role.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    points.cache_clear()
    try:
        assert {"Groomer", "Backbone"} <= set(role_names())
        role = find_role("Groomer")
        assert role is not None and role.needs == ("mane",)
        with pytest.raises(ConfigError, match=r"entry point 'Wrong' \(stranger_role:GROOMER\)"):
            find_role("Wrong")
    finally:
        monkeypatch.undo()
        points.cache_clear()


class Steps(TypedDict):
    next_latent: Latent | None
    next_timestep: Timestep | None


class Solver(Block, role="Solver"):
    def forward(
        self, latent: Latent | None = None, timestep: Timestep | None = None, pred: Pred | None = None
    ) -> Steps:
        return {"next_latent": latent, "next_timestep": None}


class Guided(TypedDict):
    pred_guided: Pred


class Guidance(Block, role="Guidance"):
    def forward(self, pred_cond: Pred, pred_uncond: Pred | None = None) -> Guided:
        return {"pred_guided": pred_cond}


class Conditioner(Block, role="Conditioner"):
    def forward(self, token_ids: TokenIds) -> Embedding:
        return token_ids


class Backbone(Block, role="Backbone"):
    def forward(self, latent: Latent, timestep: Timestep, condition: Embedding) -> Pred:
        return latent


def test_a_solver_without_a_backbone_says_so_instead_of_asking_for_predictions() -> None:
    with pytest.raises(WiringError, match=r"solver.pred has no source.*add a Guidance .* or a Backbone \(its `pred`\)"):
        _ = ygg.Graph("g").add(Solver()).inputs
    with pytest.raises(WiringError, match=r"guidance.pred_cond has no source.*add a Backbone \(its `pred`\)"):
        _ = ygg.Graph("g").add(Guidance()).add(Solver()).inputs
    asked = ygg.Graph("g").add(Solver()).connect("self.pred", "solver.pred")
    assert "pred" in asked.inputs, "who asks for it outside gets it"


def test_what_is_missing_names_the_role_that_would_feed_it() -> None:
    graph = ygg.Graph("g").add(Conditioner()).add(Backbone()).add(Solver())
    with pytest.raises(
        PortError, match=r"'token_ids' \(token_ids\) is missing.*or add a Tokenizer \(its `token_ids`\)"
    ):
        graph.run()


def test_one_text_input_shows_under_the_name_of_its_role() -> None:
    class Words(TypedDict):
        token_ids: TokenIds | None
        attention_mask: TokenIds | None

    class Tokenizer(Block, role="Tokenizer"):
        def forward(self, text: Text) -> Words:
            return {"token_ids": None, "attention_mask": None}

    assert list(ygg.Graph("g").add(Tokenizer()).add(Conditioner()).inputs) == ["prompt"]
