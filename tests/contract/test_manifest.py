"""A manifest that is wrong is refused with what, where and how to mend it; digests are canonical."""

import unicodedata
from pathlib import Path

import pytest

from yggdrasil.contract import Block, ManifestError, UnknownType, YggError
from yggdrasil.contract.digest import canonical, digest
from yggdrasil.contract.manifest import FORMAT, Manifest, parse_manifest, read_manifest
from yggdrasil.contract.tree import assemble, describe
from yggdrasil.ports import Text

SHA = "0" * 64


class Echo(Block, type="test_manifest/echo"):
    size: float = 1.0

    def forward(self, text: Text) -> Text:
        return text


def build(text: str) -> Block:
    def nothing(*_: object) -> Block:
        raise AssertionError("no file and no ref is asked for")

    return assemble(parse_manifest(text, "m.yaml"), nothing, nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format: [1", "is not YAML"),
        ("- 1", f"is not a mapping.*format: {FORMAT}"),
        ("type: graph", f"has no format number.*write `format: {FORMAT}`"),
        ("format: '1'", "has no format number"),
        ("format: true", "has no format number"),
        (f"format: {FORMAT + 1}\ntype: foo::bar", f"format {FORMAT + 1}, this version reads up to {FORMAT}.*newer"),
        ("format: 1\ntyp: graph", "typ: Extra inputs.*so that nothing is lost"),
        ("format: 1\nnodes: {a: {type: graph, colour: red}}", r"nodes\.a\.colour: Extra inputs"),
        ("format: 1\nkind: blok", "kind: Input should be 'block'"),
        ("format: 1\ntype: graph\ntype: pipeline", "key type stands twice"),
        ("format: 1\nconfig: &a [1]\nstructure: {x: *a}", "aliases"),
        ("format: 1\na: &a [x,x]\nb: &b [*a,*a]\nconfig: {c: [*b,*b]}", "aliases"),
        ("format: 1\nconfig: " + "{a: " * 80 + "1" + "}" * 80, "nested deeper than 32"),
        ("format: 1\nconfig: " + "[" * 5000, "is not YAML"),
        ("format: 1\nconfig: !!python/object/apply:os.system ['true']", "is not YAML"),
        (f"format: 1\nfiles: {{weights: {{sha256: {SHA[:-1]}}}}}", "files.weights.sha256"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_refused(text: str, told: str) -> None:
    with pytest.raises(ManifestError, match=told) as caught:
        parse_manifest(text, "some/manifest.yaml")
    assert caught.value.where == "some/manifest.yaml"


@pytest.mark.parametrize(
    ("text", "error", "told", "where"),
    [
        ("format: 1\ntype: test_manifest/ehco", UnknownType, "'test_manifest/ehco'.*mean 'test_manifest/echo'", ""),
        ("format: 1\nkind: graph\ntype: graph\nnodes: {a: {type: foo::bar}}", UnknownType, "no type 'foo::bar'", "a"),
        (
            "format: 1\nkind: graph\ntype: graph\nnodes: {a: {kind: graph, type: graph, nodes: {b: {type: x/y}}}}",
            UnknownType, "'x/y'", "a/b",
        ),
        ("format: 1\ntype: graph", ManifestError, "'graph' is a graph, not a block.*write `kind: graph`", ""),
        ("format: 1", ManifestError, "neither `type` nor `ref`", "manifest"),
        ("format: 1\ntype: test_manifest/echo\nnodes: {a: {type: graph, kind: graph}}", YggError, "takes no nodes", ""),
        ("format: 1\nkind: graph\ntype: graph\nnodes: {a: {ref: '#b'}}", ManifestError, "'#b' names nothing", "a"),
        (
            "format: 1\nkind: graph\ntype: graph\nnodes: {a: {ref: '#b', config: {x: 1}}}",
            ManifestError, "has more than `ref: #b`", "a",
        ),
        (
            "format: 1\nkind: graph\ntype: graph\nnodes: {a: {type: test_manifest/echo, config: {sise: 2}}}",
            YggError, "no setting 'sise'.*did you mean 'size'", "a/test_manifest/echo",
        ),
        (
            "format: 1\nkind: graph\ntype: graph\nnodes: {a: {type: test_manifest/echo, config: {size: big}}}",
            YggError, "setting 'size'.*number", "a/test_manifest/echo",
        ),
    ],
)  # fmt: skip
def test_a_wrong_tree_names_the_place(text: str, error: type[YggError], told: str, where: str) -> None:
    with pytest.raises(error, match=told) as caught:
        build(text)
    assert caught.value.where == where or not where


def test_a_manifest_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"there is no manifest.*a folder with manifest.yaml"):
        read_manifest(tmp_path / "manifest.yaml")
    (tmp_path / "manifest.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError, match=r"UTF-8"):
        read_manifest(tmp_path / "manifest.yaml")


def test_what_could_not_be_read_again_is_not_written() -> None:
    deep: dict[str, object] = {}
    for _ in range(80):
        deep = {"a": deep}
    with pytest.raises(ManifestError, match=r"nested deeper"):
        Manifest(format=1, config={"x": deep}).dump()


def test_a_class_without_a_type_name_cannot_be_saved() -> None:
    class Local(Block):
        def forward(self) -> Text:
            return ""

    with pytest.raises(ManifestError, match=r'Local has no type name.*type="me/x"'):
        describe(Local())


def test_digests_are_canonical() -> None:
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert canonical(1.0) == canonical(1) == b"1" and canonical(1e21) == b"1e+21"
    assert digest("é") == digest(unicodedata.normalize("NFD", "é"))
    for bad in (float("nan"), float("inf"), {1: 2}, object()):
        with pytest.raises(ManifestError, match=r"no canonical JSON form"):
            canonical(bad)
    with pytest.raises(ManifestError, match=r"differ only in Unicode form"):
        canonical({"é": 1, unicodedata.normalize("NFD", "é"): 2})


def test_prose_names_and_versions_are_no_structure() -> None:
    one = Manifest(type="x", config={"a": 0.1})
    two = Manifest(format=1, type="x", name="n", about="b", config={"a": 0.1}, versions={"torch": "9"})
    assert one.structure_digest() == two.structure_digest()
    assert one.structure_digest() != Manifest(type="x", config={"a": 0.2}).structure_digest()
    read = parse_manifest(two.dump(), "x")
    assert read == two


ODD = [*range(0x3100), *range(0xD7F0, 0xD800), *range(0xE000, 0xE010), *range(0xFB00, 0x10000)]
EVERY = [*ODD, *range(0x3100, 0xD7F0, 61), *range(0xE010, 0xFB00, 61), *range(0x10000, 0x110000, 4999)]


@pytest.mark.parametrize("form", ["{0}", "a{0}b", "{0}{0}", "a {0} b"])
def test_every_character_of_a_text_is_read_as_it_was_written(form: str) -> None:
    config = {str(code): form.format(chr(code)) for code in EVERY}
    text = Manifest(format=1, type="x", config=config).dump()
    assert parse_manifest(text, "here").config == config


def test_a_text_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(ManifestError, match="as it was written"):
        Manifest(format=1, type="x", config={"wish": "half \ud83d"}).dump()
