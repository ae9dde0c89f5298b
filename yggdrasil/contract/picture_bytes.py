"""Pictures and moving pictures as bytes from which the same pixels come back, whatever their mode."""

from __future__ import annotations

import io
import math
import warnings
from typing import Any

from yggdrasil.contract.clips import VideoClip
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.pictures import MAX_PIXELS, open_picture, upright

_PNG, _TIFF, _APNG = "image/png", "image/tiff", "image/apng"
_IN_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_IN_TIFF = ("I", "F", "CMYK")
_MOVING = ("L", "LA", "RGB", "RGBA")
_LONGEST = 100_000
"""Frames of one film."""
_LONGEST_MOMENT = 65_535
"""Milliseconds that PNG can tell a player; how often a frame is shown is written apart from that."""


def encode(image: Any) -> tuple[bytes, str]:
    """PNG, or TIFF for 32-bit and CMYK pictures, of the picture as it is kept (`as_kept`).

    Raises ArtifactError for a mode that neither holds, and for a picture without pixels.
    """
    image = as_kept(image)
    if image.mode not in (*_IN_PNG, *_IN_TIFF):
        modes = ", ".join((*_IN_PNG, *_IN_TIFF))
        raise ArtifactError(f"a picture of mode {image.mode} has no lossless file", mend=f"convert it to {modes}")
    if 0 in image.size:
        raise ArtifactError(f"a picture of {image.width}×{image.height} pixels", mend="give one that has pixels")
    media_type = _PNG if image.mode in _IN_PNG else _TIFF
    buffer = io.BytesIO()
    image.save(buffer, media_type.removeprefix("image/").upper())
    return buffer.getvalue(), media_type


def decode(data: bytes) -> Any:
    """The picture in its own mode; one with a palette or an EXIF turn is read as RGB or RGBA, upright.

    Raises ArtifactError if it is none, or has over 64 megapixels.
    """
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _plain_tiff(data)
    image = open_picture(data)
    kept = as_kept(image)
    return image.copy() if kept is image else kept


def as_kept(image: Any) -> Any:
    """What bytes keep of a picture: its pixels in its mode, those of a palette or with an EXIF turn in RGB(A), upright.

    The text, the profile and the settings of the file that it came from are no part of it.
    """
    if image.mode not in _IN_PNG or 0 in image.size:
        return image
    plain = image.mode != "P" and "transparency" not in image.info and not _is_turned(image)
    return image if plain else upright(image)


def _is_turned(image: Any) -> bool:
    try:
        return image.getexif().get(0x0112, 1) != 1
    except Exception:  # Pillow raises whatever its reader of tags met; tags that nobody can read turn nothing
        return False


def _plain_tiff(data: bytes) -> Any:
    """A TIFF as `encode` writes it: without compression, so that no decoder but Pillow's own reads it."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=("TIFF",))
            if image.info.get("compression") != "raw" or image.width * image.height > MAX_PIXELS:
                raise ValueError("compressed, or over 64 megapixels")
            image.load()
    except Exception as error:  # a decoder may fail in any way on broken bytes
        mend = "give PNG, or TIFF without compression"
        raise ArtifactError(f"is no picture ({type(error).__name__})", mend=mend) from None
    plain = image.copy()
    plain.info.clear()
    return plain


def encode_video(clip: VideoClip) -> tuple[bytes, str]:
    """An animated PNG. Raises ArtifactError for frames that differ in size or mode, or are of a rare mode."""
    from PIL import PngImagePlugin

    frames = [as_kept(frame) for frame in clip.frames]
    _check_film(frames, clip.fps)
    shown, times = _runs(frames)
    about = PngImagePlugin.PngInfo()
    about.add_text("fps", repr(clip.fps))
    about.add_text("times", " ".join(map(str, times)))
    buffer = io.BytesIO()
    shown[0].save(
        buffer, "PNG", save_all=True, append_images=shown[1:], pnginfo=about, disposal=0, blend=0,
        duration=[min(_LONGEST_MOMENT, 1000 * count / clip.fps) for count in times], default_image=False,
    )  # fmt: skip
    return buffer.getvalue(), _APNG


def _check_film(frames: list[Any], fps: float) -> None:
    looks = {(frame.mode, frame.size) for frame in frames}
    fine = len(looks) == 1 and frames[0].mode in _MOVING and 0 not in frames[0].size
    if not fine or not 0 < fps < math.inf or len(frames) > _LONGEST:
        wanted = f"give 1 to {_LONGEST} frames, all of one size and of one mode out of {', '.join(_MOVING)}"
        raise ArtifactError(
            f"a video of {len(frames)} frames ({', '.join(mode for mode, _ in looks)}) at {fps} a second",
            mend=f"{wanted}, and a finite fps > 0",
        )


def _runs(frames: list[Any]) -> tuple[list[Any], list[int]]:
    """Frames without repeats, and how often each is shown: PNG keeps a still moment once."""
    shown: list[Any] = []
    times: list[int] = []
    for frame in frames:
        if shown and frame.tobytes() == shown[-1].tobytes():
            times[-1] += 1
        else:
            shown.append(frame)
            times.append(1)
    return shown, times


def decode_video(data: bytes) -> VideoClip:
    """The clip of an animated PNG. Raises ArtifactError for bytes that are none."""
    from PIL import Image

    try:
        image: Any = Image.open(io.BytesIO(data), formats=("PNG",))
        if image.width * image.height > MAX_PIXELS or image.n_frames > _LONGEST:
            raise ValueError("too large")
        fps = float(image.info.get("fps") or 1000 / (image.info.get("duration") or 1000))
        written = [int(count) for count in str(image.info.get("times", "")).split()]
        if written and len(written) != image.n_frames:
            raise ValueError("frames are missing")
        frames: list[Any] = []
        for number in range(image.n_frames):
            image.seek(number)
            frame = image.copy()
            times = written[number] if written else round(float(image.info.get("duration", 0)) * fps / 1000)
            if len(frames) + times > _LONGEST:
                raise ValueError("too long")
            frame.info.clear()
            frames += [frame, *(frame.copy() for _ in range(times - 1))]
    except Exception as error:  # a decoder may fail in any way on broken bytes
        raise ArtifactError(f"is no video ({type(error).__name__})", mend="give an animated PNG") from None
    return VideoClip(frames, fps)
