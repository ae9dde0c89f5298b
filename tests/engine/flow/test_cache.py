"""The result cache never changes a result: keyed by what a node is and was given, its contents out of reach."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image as Pictures

import yggdrasil as ygg
from yggdrasil.contract import ArtifactError, Block, FileRef, here, listening, standing, values
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.value_forms import Form
from yggdrasil.contract.values import encode
from yggdrasil.engine.flow.budget import Budget
from yggdrasil.engine.flow.cache import Cache, value_key
from yggdrasil.ports import AnyTensor, Image, Json, Text, VideoClip

CALLS: list[str] = []


class Paint(Block, type="test_cache/paint"):
    pure: ClassVar[bool] = True
    shade: int = 10

    def forward(self, text: Text) -> Image:
        CALLS.append("paint")
        return Pictures.new("RGB", (2, 2), (self.shade, len(text), 0))


class Same(Block, type="test_cache/same"):
    pure: ClassVar[bool] = True

    def forward(self, image: Image) -> Image:
        CALLS.append("same")
        return image


class Seed(Block, type="test_cache/seed"):
    pure: ClassVar[bool] = True

    def forward(self) -> int:
        CALLS.append("seed")
        return here().seed


class Count(Block, type="test_cache/count", role="Tool"):
    def forward(self, text: Text) -> int:
        CALLS.append("count")
        return len(CALLS)


class Remember(Block, type="test_cache/remember"):
    remembers: ClassVar[bool] = True

    def forward(self, text: Text) -> Json:
        heard = [*(here().memory() or []), text]
        here().remember(heard)
        return heard


class Zeros(Block, type="test_cache/zeros"):
    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> AnyTensor:
        CALLS.append("zeros")
        return torch.zeros(3)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    CALLS.clear()


def test_the_same_is_computed_once_and_told_as_skipped() -> None:
    graph = ygg.Graph("g").add(Paint()).add(Same())
    first = graph.run(text="a").image
    events = []
    with listening(events.append):
        assert graph.run(text="a").image.tobytes() == first.tobytes()
    assert CALLS == ["paint", "same"]
    assert [(e.kind, e.path) for e in events] == [
        ("started", "g"), ("skipped", "g/paint"), ("skipped", "g/same"), ("finished", "g"),
    ]  # fmt: skip
    assert graph.run(text="bb").image.getpixel((0, 0)) == (10, 2, 0)


def test_with_and_without_a_cache_the_results_are_the_same() -> None:
    cached, bare = (ygg.Graph("g").add(Paint()).add(Same()) for _ in range(2))
    bare.cache = None
    for text in ("a", "bb", "a", "", "é", "e\u0301"):
        assert cached.run(text=text).image.tobytes() == bare.run(text=text).image.tobytes()


def test_a_result_changed_in_place_changes_nothing_that_is_kept() -> None:
    graph = ygg.Graph("g").add(Paint()).add(Same())
    for _ in range(3):
        image = graph.run(text="a").image
        assert image.getpixel((0, 0)) == (10, 1, 0)
        image.putpixel((0, 0), (0, 0, 0))
    tensors = ygg.Graph("t").add(Zeros())
    for _ in range(2):
        assert tensors.run(text="a").tensor.add_(1).tolist() == [1, 1, 1]


def test_an_input_changed_in_place_is_another_input() -> None:
    graph = ygg.Graph("g").add(Same())
    image = Pictures.new("RGB", (1, 1))
    assert graph.run(image=image).image.getpixel((0, 0)) == (0, 0, 0)
    image.putpixel((0, 0), (9, 9, 9))
    assert graph.run(image=image).image.getpixel((0, 0)) == (9, 9, 9)
    assert graph.run(image=Pictures.new("RGB", (1, 1))).image.getpixel((0, 0)) == (0, 0, 0)


class Lies(Block, type="test_cache/lies"):
    """Tell how a tensor lies in memory; on another layout a kernel gives other last bits."""

    pure: ClassVar[bool] = True

    def forward(self, tensor: AnyTensor) -> Text:
        given: Any = tensor
        return str(given.strides if isinstance(given, np.ndarray) else given.stride())


class LiesNow(Lies, type="test_cache/lies_now"):
    """The same, asked each time."""

    pure: ClassVar[bool] = False


class View(Block, type="test_cache/view"):
    """Give a view of the same numbers."""

    pure: ClassVar[bool] = True

    def forward(self, how: Text) -> AnyTensor:
        CALLS.append("view")
        rows = torch.arange(24.0).reshape(4, 6)
        views: dict[str, Any] = {
            "turned": rows.t(), "gaps": rows[:, ::2], "repeats": rows[:1].expand(4, 6), "turned array": rows.numpy().T,
            "backwards": rows.numpy()[::-1], "alone": rows[1:2].t(),
        }  # fmt: skip
        return views[how]


def test_an_input_that_lies_otherwise_in_memory_is_another_input() -> None:
    graph, bare = ygg.Graph("g").add(Lies()), ygg.Graph("g").add(Lies())
    bare.cache = None
    rows = torch.arange(6.0).reshape(2, 3)
    arrays: list[Any] = [rows.numpy(), np.asfortranarray(rows.numpy())]
    for given in (rows, rows.t().contiguous().t(), rows, *arrays):
        assert graph.run(tensor=given).text == bare.run(tensor=given).text


@pytest.mark.parametrize("how", ["turned", "gaps", "repeats", "turned array", "backwards", "alone"])
def test_a_result_lies_in_memory_the_same_whether_it_was_kept_or_made(how: str) -> None:
    graph = ygg.Graph("g").add(View(), "view").add(LiesNow(), "lies")
    graph.connect("view.tensor", "lies.tensor").connect("lies.text", "self.text")
    assert graph.run(how=how).text == graph.run(how=how).text
    assert len(CALLS) == (2 if how in ("gaps", "repeats", "backwards") else 1)


class Odd(Block, type="test_cache/odd"):
    """Make of a tensor one that is no plain row of numbers."""

    pure: ClassVar[bool] = True

    def forward(self, tensor: AnyTensor, how: Text) -> AnyTensor:
        CALLS.append(how)
        if how == "quantized":
            return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)
        return {"sparse": tensor.to_sparse, "rows": tensor.to_sparse_csr, "meta": lambda: tensor.to("meta")}[how]()


class Through(Block, type="test_cache/through"):
    pure: ClassVar[bool] = True

    def forward(self, tensor: AnyTensor) -> AnyTensor:
        return tensor


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("how", ["sparse", "rows", "meta", "quantized"])
def test_a_tensor_that_nobody_can_keep_goes_through_and_is_made_each_time(how: str) -> None:
    graph = ygg.Graph("g").add(Odd(), "odd").add(Through(), "through")
    graph.connect("odd.tensor", "through.tensor").connect("through.tensor", "self.tensor")
    made = [graph.run(tensor=torch.eye(3), how=how).tensor for _ in range(2)]
    assert [how, how] == CALLS and made[0].layout == made[1].layout
    assert ygg.Graph("t").add(Through()).run(tensor=made[0]).tensor is made[0]
    with pytest.raises(ArtifactError, match="to_dense"):
        encode(made[0])


class Debt:
    """A value of a stranger's kind, which has bytes for what is owed and none for less."""

    def __init__(self, owed: int) -> None:
        self.owed = owed


def written(debt: Debt) -> tuple[bytes, str]:
    if debt.owed < 0:
        raise ArtifactError("nobody owes less than nothing")
    return str(debt.owed).encode(), "application/x-test-debt"


FORM = Form("debt", f"{__name__}:Debt", "a Debt", {"application/x-test-debt": ".debt"}, written, lambda d: Debt(int(d)))
DEBT = Kind("debt", large=True, form=FORM)


class Owe(Block, type="test_cache/owe"):
    pure: ClassVar[bool] = True

    def forward(self, owed: int) -> Annotated[Debt, DEBT]:
        return Debt(owed)


class Owed(Block, type="test_cache/owed"):
    pure: ClassVar[bool] = True

    def forward(self, debt: Annotated[Debt, DEBT]) -> int:
        return debt.owed


@pytest.mark.parametrize("owed", [1, -1])
def test_a_value_without_bytes_fails_neither_who_keeps_it_nor_who_looks_at_it(owed: int) -> None:
    values.register(DEBT)
    try:
        graph = ygg.Graph("g").add(Owe(), "owe").add(Owed(), "owed")
        graph.connect("owe.debt", "owed.debt").connect("owed.value", "self.value")
        assert [graph.run(owed=owed).value for _ in range(2)] == [owed, owed]
        told = [event.data["value"].owed for event in graph.stream(owed=owed, tap=["owe.debt"]) if event.kind == "tap"]
        assert told == [owed] and ygg.profile(graph, owed=owed).outputs.value == owed
        assert ygg.Graph("h").add(Owed()).run(debt=Debt(owed)).value == owed
    finally:
        values.forget(DEBT)


def test_config_weights_seed_and_parts_are_part_of_the_key() -> None:
    graph = ygg.Graph("g").add(Paint(), "paint")
    graph.run(text="a")
    graph["paint"].shade = 99  # type: ignore[attr-defined]
    assert graph.run(text="a").image.getpixel((0, 0))[0] == 99
    graph["paint"].files = {"weights": FileRef("0" * 64, Path("x"))}
    graph.run(text="a")
    assert len(CALLS) == 3

    outer = ygg.Pipeline("outer").add(graph, "inner")
    outer.run(text="b")
    graph["paint"].shade = 7  # type: ignore[attr-defined]
    assert outer.run(text="b").image.getpixel((0, 0))[0] == 7


def test_another_seed_is_another_result() -> None:
    graph = ygg.Graph("g").add(Seed())
    found = []
    for seed in (1, 2, 1):
        with standing(here().but(seed=seed)):
            found.append(graph.run().value)
    assert found[0] == found[2] != found[1] and CALLS == ["seed", "seed"]


def test_what_must_not_be_kept_is_run_each_time() -> None:
    graph = ygg.Graph("g").add(Count())
    assert [graph.run(text="a").value for _ in range(3)] == [1, 2, 3]
    outer = ygg.Graph("outer").add(graph, "inner")
    assert [outer.run(text="a").value for _ in range(2)] == [4, 5]
    memory = ygg.Graph("m").add(Remember())
    assert [memory.run(text=t).value for t in ("a", "a")] == [["a"], ["a", "a"]]


def test_nameless_blocks_are_kept_by_object_and_setting() -> None:
    class Local(Block):
        pure: ClassVar[bool] = True
        mark: str = "!"

        def forward(self, text: Text) -> Text:
            CALLS.append("local")
            return text + self.mark

    graph = ygg.Graph("g").add(Local(), "local")
    assert [graph.run(text="a").text for _ in range(2)] == ["a!", "a!"] and len(CALLS) == 1
    graph["local"].mark = "?"  # type: ignore[attr-defined]
    assert graph.run(text="a").text == "a?"


def test_values_that_differ_have_keys_that_differ() -> None:
    red, blue = (Pictures.new("P", (1, 1)) for _ in range(2))
    red.putpalette([255, 0, 0])
    blue.putpalette([0, 0, 255])
    values = [
        None, True, 1, 1.0, "1", [1], (1,), [1.0], {"a": 1}, {"a": True}, {"a": [1, 2]}, {"a": [12]}, "é", "e\u0301",
        ["ab", "c"], ["a", "bc"], red, blue, red.convert("RGB"),
        np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6, "float32"), torch.zeros(2, 3), torch.zeros(3, 2), -0.0, 0.0,
    ]  # fmt: skip
    keys = [value_key(v) for v in values]
    assert None not in keys and len(set(keys)) == len(values)
    assert value_key(object()) is None and value_key(np.array([object()])) is None
    assert value_key({"a": [1, "x"]}) == value_key({"a": [1, "x"]})
    films = [VideoClip([frame, frame], 5) for frame in (red.convert("RGB"), red)]
    assert value_key(films[0]) != value_key(films[1]), "a block may look at the mode of a picture"


def test_the_least_used_goes_first_and_what_cannot_be_copied_is_not_kept() -> None:
    cache = Cache(Budget(300))
    cache.put("a", b"x" * 100)
    cache.put("b", b"x" * 100)
    assert cache.get("a") is not None
    cache.put("c", b"x" * 150)
    assert cache.get("b") is None and cache.get("a") is not None and cache.get("c") is not None
    cache.put("huge", b"x" * 301)
    cache.put("thing", {"n": object()})
    assert cache.get("huge") is None and cache.get("thing") is None
    cache.clear()
    assert cache.get("a") is None


def test_a_loop_is_kept_with_its_form() -> None:
    class Inc(Block, type="test_cache/inc"):
        pure: ClassVar[bool] = True

        def forward(self, n: int) -> int:
            CALLS.append("inc")
            return n + 1

    graph = ygg.Graph("g").add(Inc(), "inc").connect("self.n", "inc.n").connect("inc.value", "self.n")
    graph.loop("inc", carry=["inc.value -> inc.n"], times=4)
    assert [graph.run(n=0).n for _ in range(2)] == [4, 4] and len(CALLS) == 4
    cache = graph.cache
    other = ygg.Graph("g").add(graph["inc"], "inc").connect("self.n", "inc.n").connect("inc.value", "self.n")
    other.loop("inc", carry=["inc.value -> inc.n"], times=2)
    other.cache = cache
    assert other.run(n=0).n == 2


def test_keys_are_no_walk_over_ancestors() -> None:
    hashed: list[int] = []
    real = hashlib.sha256

    def counting(data: bytes = b"") -> Any:
        hashed.append(len(data))
        return real(data)

    graph = ygg.Graph("g")
    for i in range(60):
        graph.add(Same(), f"n{i}").connect(f"n{i - 1}.image" if i else "self.image", f"n{i}.image")
    image = Pictures.new("RGB", (4, 4))
    graph.run(image=image)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yggdrasil.engine.flow.cache.hashlib.sha256", counting)
        graph.run(image=image)
    assert len(hashed) < 60 * 6


class Reads(Block, type="test_cache/reads"):
    """Read a file that no input names by its content."""

    def forward(self, path: Text) -> Text:
        return Path(path).read_text()


class Shouts(Block, type="test_cache/shouts"):
    """Say it loudly."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        CALLS.append("shouts")
        return text.upper()


def test_n33_a_block_that_does_not_say_it_is_pure_is_asked_each_time(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    graph = ygg.Graph("g").add(Reads(), "reads").add(Shouts(), "shouts").connect("reads.text", "shouts.text")
    file.write_text("fox")
    assert graph.run(path=str(file)).text == "FOX"
    file.write_text("owl")
    assert graph.run(path=str(file)).text == "OWL"


def test_a_part_that_is_pure_is_still_asked_once_for_equal_inputs() -> None:
    graph = ygg.Graph("g").add(Shouts())
    assert [graph.run(text="fox").text for _ in range(2)] == ["FOX", "FOX"] and CALLS == ["shouts"]


class Words(Block, type="test_cache/words"):
    pure: ClassVar[bool] = True
    words: list[str] = []

    def forward(self, text: Text) -> Text:
        return ",".join([text, *self.words])


def test_a_list_that_is_a_setting_and_was_changed_where_it_stands_gives_the_new_result() -> None:
    block = Words(words=["a"])
    graph = ygg.Graph("g").add(block, "words")
    assert graph.run(text="x").text == "x,a"
    block.words.append("b")
    assert graph.run(text="x").text == "x,a,b"
    assert graph.touched() == graph.touched() and block.touched() == block.touched()
