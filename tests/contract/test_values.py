"""A value of every kind becomes bytes and comes back the same; a plugin's kind is treated as ours are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy
import pytest
import torch
from PIL import Image as Pictures

from tests.contract.mesh import CUBE, MESH, Mesh, known_mesh
from yggdrasil.contract import ArtifactError, PortError, values
from yggdrasil.contract.artifacts import FolderArtifacts, MemoryArtifacts
from yggdrasil.contract.kinds import AUDIO, BUILT_IN, IMAGE, JSON, TENSOR, TEXT, VIDEO, AudioClip, Kind, VideoClip
from yggdrasil.contract.ports import Port
from yggdrasil.contract.value_forms import TENSOR as TENSOR_FORM
from yggdrasil.contract.value_forms import Form

RANDOM = numpy.random.default_rng(7)
MODES = ("1", "L", "LA", "RGB", "RGBA", "I;16", "I", "F", "CMYK")


@pytest.fixture(autouse=True)
def mesh() -> Iterator[None]:
    with known_mesh():
        yield


def picture(mode: str, size: tuple[int, int] = (7, 5)) -> Pictures.Image:
    """Noise in every bit that the mode has."""
    if mode == "F":
        return Pictures.fromarray(RANDOM.standard_normal(size[::-1], dtype=numpy.float32) * 1e3)
    if mode == "I":
        return Pictures.fromarray(RANDOM.integers(-(2**31), 2**31, size[::-1], dtype=numpy.int32))
    if mode == "1":
        return Pictures.fromarray(RANDOM.integers(0, 2, size[::-1], dtype=numpy.uint8) * 255).convert("1")
    many = len(Pictures.new(mode, size).tobytes())
    return Pictures.frombytes(mode, size, RANDOM.bytes(many))


def sound() -> AudioClip:
    samples = numpy.array([[0.1, -1e-7, 1.5, 0.0], [-1.0, 0.333333, 2e-9, 1.0]], dtype=numpy.float32)
    return AudioClip(samples, 44100)


def film(mode: str = "RGB", fps: float = 24) -> VideoClip:
    first, second = picture(mode), picture(mode)
    return VideoClip([first, first, second, first, first, first, second], fps)


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_every_mode_comes_back_bit_for_bit(mode: str) -> None:
    given = picture(mode)
    data, media_type = values.encode(given)
    back = values.decode(data, media_type)
    assert (back.mode, back.tobytes()) == (mode, given.tobytes())
    assert values.digest(back) == values.digest(given) != values.digest(picture(mode))


def test_a_mode_that_no_file_holds_is_refused_with_the_modes_that_are() -> None:
    with pytest.raises(ArtifactError, match=r"mode HSV has no lossless file. convert it to .*RGB"):
        values.encode(Pictures.new("HSV", (1, 1)))


def test_sound_keeps_every_bit_of_its_floats_and_sixteen_bits_are_still_read() -> None:
    import io
    import wave

    data, media_type = values.encode(sound())
    back = values.decode(data, media_type)
    assert media_type == "audio/wav" and back.rate == 44100 and back.samples.tobytes() == sound().samples.tobytes()
    old = io.BytesIO()
    with wave.open(old, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(numpy.array([16384, -32768], "<i2").tobytes())
    assert values.decode(old.getvalue(), "audio/wav").samples.tolist() == [[0.5, -1.0]]


@pytest.mark.parametrize(("mode", "fps"), [("RGB", 24), ("RGBA", 23.976), ("L", 1), ("LA", 120), ("RGB", 0.5)])
def test_a_video_keeps_its_frames_still_ones_too_and_their_speed(mode: str, fps: float) -> None:
    given = film(mode, fps)
    data, media_type = values.encode(given)
    back = values.decode(data, media_type)
    assert media_type == "image/apng" and back.fps == fps
    assert [(f.mode, f.tobytes()) for f in back.frames] == [(f.mode, f.tobytes()) for f in given.frames]


@pytest.mark.parametrize("fps", [24, 23.976, 0.001, 700, 3000])
@pytest.mark.parametrize("order", ["A", "AAA", "A" * 48, "AAB", "ABBA", "A" * 2000 + "B", "AAAAAAAB"])
def test_a_still_video_keeps_every_frame_whatever_its_speed(order: str, fps: float) -> None:
    looks = {"A": picture("RGBA"), "B": picture("RGBA")}
    given = VideoClip([looks[letter] for letter in order], fps)
    back = values.decode(*values.encode(given))
    assert len(back.frames) == len(order) and back.fps == fps and values.digest(back) == values.digest(given)


def test_a_video_written_before_repeats_were_counted_is_still_read() -> None:
    import io

    from PIL import PngImagePlugin

    first, second = picture("L"), picture("L")
    about, file = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_text("fps", "24.0")
    first.save(
        file, "PNG", save_all=True, append_images=[second], pnginfo=about, disposal=0, blend=0,
        duration=[1000 * 3 / 24, 1000 / 24],
    )  # fmt: skip
    back = values.decode(file.getvalue(), "image/apng")
    assert values.digest(back) == values.digest(VideoClip([first, first, first, second], 24))


def test_a_video_that_says_it_is_endless_is_refused() -> None:
    import io

    from PIL import PngImagePlugin

    for times in ("100001", "1 1"):
        about, file = PngImagePlugin.PngInfo(), io.BytesIO()
        about.add_text("times", times)
        picture("L").save(file, "PNG", pnginfo=about)
        with pytest.raises(ArtifactError, match="is no video"):
            values.decode(file.getvalue(), "image/apng")


def test_a_video_of_unlike_frames_or_without_frames_or_speed_is_refused() -> None:
    still = [picture("L")]
    unusable = [VideoClip(still, fps) for fps in (0, -1, float("nan"), float("inf"))]
    for clip in (VideoClip([], 24), VideoClip([picture("L"), picture("RGB")], 24), *unusable):
        with pytest.raises(ArtifactError, match="all of one size and of one mode"):
            values.encode(clip)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_a_tensor_comes_back_with_its_type_and_shape(dtype: torch.dtype) -> None:
    given = torch.arange(6).reshape(2, 3).to(dtype)
    data, media_type = values.encode(given)
    back = values.decode(data, media_type)
    assert back.dtype == dtype and torch.equal(back, given) and values.digest(back) == values.digest(given)


@pytest.mark.parametrize("given", [CUBE, sound(), film(), torch.ones(2), numpy.eye(2), picture("RGB")])
def test_a_copy_is_equal_and_shares_nothing(given: Any) -> None:
    before = values.digest(given)
    twin = values.copied(given)
    assert values.digest(twin) == before and values.size(twin) == values.size(given) > 0
    _spoil(twin)
    assert values.digest(given) == before != values.digest(twin)


def _spoil(value: Any) -> None:
    if isinstance(value, AudioClip):
        value.samples[0, 0] = 9
    elif isinstance(value, VideoClip):
        value.frames[0].putpixel((0, 0), (1, 2, 3))
    elif isinstance(value, Mesh):
        value.points[0, 0] = 9
    elif isinstance(value, Pictures.Image):
        value.putpixel((0, 0), (1, 2, 3))
    else:
        value[0] = 9


def test_text_and_json_come_back_exactly_in_the_letters_that_they_had() -> None:
    for given in ("e\u0301\u00e9", {"b": [1, 2.5, None], "a": "e\u0301"}, [2**60]):
        data, media_type = values.encode(given)
        assert values.decode(data, media_type) == given
    assert values.decode(b"[1]", kind=JSON) == [1] and values.decode(b"[1]", kind=TEXT) == "[1]"


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [(b"no", IMAGE, "is no picture"), (b"no", AUDIO, "is no sound"), (b"no", VIDEO, "is no video"),
     (b"no", TENSOR, "holds no tensor"), (b"\xff", TEXT, "is no"), (b"{", JSON, "is no")],
)  # fmt: skip
def test_bytes_of_something_else_are_told_with_their_place(data: bytes, kind: Kind, told: str) -> None:
    with pytest.raises(ArtifactError, match=f"^here: .*{told}"):
        values.decode(data, kind=kind, where="here")


def test_pickles_are_never_opened() -> None:
    import io

    pickled = io.BytesIO()
    torch.save({"value": torch.ones(1)}, pickled)
    with pytest.raises(ArtifactError, match="holds no tensor"):
        values.decode(pickled.getvalue(), kind=TENSOR)
    objects = io.BytesIO()
    numpy.save(objects, numpy.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactError, match="holds no array"):
        values.decode(objects.getvalue(), "application/x-npy")


def test_a_value_says_what_it_is_in_a_few_words() -> None:
    told = [values.shown(v) for v in (picture("L"), sound(), film(), torch.ones(2, 3), CUBE, "long " * 99)]
    assert told[:3] == ["picture 7×5 L", "sound of 0.00 s at 44100 Hz", "video of 7 pictures, 24 a second"]
    assert told[3] == "float32 2×3" and told[4] == "a Mesh" and len(told[5]) == 80


def test_a_port_takes_only_values_of_its_kind() -> None:
    for kind, wrong in ((IMAGE, sound()), (AUDIO, picture("L")), (VIDEO, [picture("L")]), (MESH, "cube")):
        with pytest.raises(PortError, match=r"input 'x' was given \w+, not a"):
            Port("x", kind, Annotated[Any, kind]).check(wrong, "here")
    assert Port("x", MESH, Annotated[Any, MESH]).check(CUBE, "here") is CUBE


def test_what_no_kind_knows_is_refused_with_the_way_to_bring_one() -> None:
    @dataclass
    class Smell:
        strength: float

    with pytest.raises(ArtifactError, match=r"Smell cannot be kept .* a kind of your own \(docs/values.md\)"):
        values.store(Smell(1.0), MemoryArtifacts())


def test_a_plugins_kind_is_found_by_name_media_type_and_class() -> None:
    assert values.find("mesh") is MESH and values.form_of(CUBE) is MESH.form
    assert values.form_of_media("model/x-test-mesh") is MESH.form
    assert values.suffix("model/x-test-mesh") == ".mesh"
    with pytest.raises(values.UnknownType, match=r"did you mean 'mesh'.*yggdrasil.kinds"):
        values.find("mash")
    with pytest.raises(values.ConfigError, match="there is a kind 'mesh' already"):
        values.register(Kind("mesh", large=False))


def test_every_built_in_kind_is_found_under_its_name_once() -> None:
    names = [kind.name for kind in BUILT_IN]
    assert len(set(names)) == len(names) and all(values.find(kind.name) is kind for kind in BUILT_IN)


def test_a_tensor_comes_back_as_it_lay_in_memory() -> None:
    laid = torch.arange(48.0).reshape(1, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    for tensor in (laid, laid[:, :, ::2], torch.ones(()), torch.ones(2, 1).expand(2, 3)):
        again = TENSOR_FORM.decode(TENSOR_FORM.encode(tensor)[0])
        assert torch.equal(again, tensor)
        assert [*again.stride()] == [*tensor.clone().stride()]


def test_a_conjugate_that_is_only_noted_comes_back_as_its_numbers() -> None:
    number = torch.tensor([1 + 2j, 3 - 4j], dtype=torch.complex64)
    for given in (number.conj(), number.conj().imag):
        back = values.decode(*values.encode(given))
        assert torch.equal(back, given) and values.digest(back) == values.digest(given)
        assert values.digest(values.copied(given)) == values.digest(given)


def test_what_no_file_keeps_is_refused_in_plain_words() -> None:
    for given, told in ((torch.zeros(2, dtype=torch.complex128), "view_as_real"), ("\ud800", "half a character")):
        with pytest.raises(ArtifactError, match=told):
            values.encode(given)


@pytest.mark.parametrize(
    ("name", "media_type", "told"),
    [("picture", "model/x-own", "name 'picture'"), ("own", "image/png", "image/png"),
     ("own", "image/jpeg", "image/jpeg"),
     ("own", "application/json", "application/json")],
)  # fmt: skip
def test_a_form_that_claims_what_a_built_in_one_has_is_refused(name: str, media_type: str, told: str) -> None:
    form = Form(name, "tests.contract.mesh:Mesh", "a mesh", {media_type: ".own"}, lambda _: (b"", media_type), bytes)
    with pytest.raises(
        values.ConfigError, match=rf"form '.*' of tests.contract.mesh:Mesh has the .*{told} of a built-in one"
    ):
        values.register(Kind("own", form=form))
    with pytest.raises(values.ConfigError, match="there is a kind 'image' already"):
        values.register(replace(IMAGE, form=form))


def test_a_clip_is_saved_as_the_file_from_which_it_comes_back(tmp_path: Path) -> None:
    clip, film = AudioClip([[0.5, -0.25]], 8000), VideoClip([picture("RGB"), picture("RGB")], 5)
    clip.save(tmp_path / "told.wav")
    film.save(str(tmp_path / "shown.apng"))
    for given, name in ((clip, "told.wav"), (film, "shown.apng")):
        back = values.decode((tmp_path / name).read_bytes(), values.encode(given)[1])
        assert values.digest(back) == values.digest(given)
    with pytest.raises(values.ConfigError, match=r"told.mp3 is no .wav file.*name it told.wav"):
        clip.save(tmp_path / "told.mp3")
    assert not (tmp_path / "told.mp3").exists()


def test_an_artifact_of_a_strangers_kind_has_the_ending_that_its_form_says(tmp_path: Path) -> None:
    there = FolderArtifacts(tmp_path)
    sha = values.store(CUBE, there)["sha256"]
    assert there.path(sha).name == f"{sha}.mesh" and list(there.names()) == [sha]
    assert values.digest(values.decode(there.get(sha), kind=MESH)) == values.digest(CUBE)
    form = replace(MESH.form or TENSOR_FORM, name="own", media_types={"model/x-own": "/../../own"})
    with pytest.raises(values.ConfigError, match=r"file ending '/../../own'"):
        values.register(Kind("own", form=form))
