"""The one room where values are known by kind: checked, turned into bytes and back, hashed, copied and shown."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from enum import Enum
from functools import cache
from importlib.metadata import entry_points
from typing import Any, cast

from yggdrasil.contract import kinds, value_forms
from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import ArtifactError, ConfigError, UnknownType, did_you_mean
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.value_forms import JSON_TYPE, TEXT_TYPE, Form, NotKeepable

GROUP = "yggdrasil.kinds"
ATOMS = frozenset((type(None), bool, int, float, str, bytes))
_LONGEST = 80
_registered: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known in this process; a package's kinds are found by entry point. Raises ConfigError if taken."""
    known = _known_kinds().get(kind.name)
    if known is not None and (known != kind or (known in kinds.BUILT_IN and known.form is not kind.form)):
        raise ConfigError(f"there is a kind {kind.name!r} already", mend="give yours another name")
    value_forms.check_own(kind.form)
    _registered[kind.name] = kind
    _forget_forms()


def forget(kind: Kind) -> None:
    """Take back what `register` made known."""
    _registered.pop(kind.name, None)
    _forget_forms()


def _forget_forms() -> None:
    form_of_class.cache_clear()
    _by_media_type.cache_clear()


def known_kinds() -> dict[str, Kind]:
    """Every kind by name: the built-in ones, those of installed packages and those registered here."""
    return dict(_known_kinds())


def find(name: str) -> Kind:
    """The kind of this name. Raises UnknownType."""
    known = _known_kinds()
    if name not in known:
        mend = did_you_mean(name, known, f"a package brings a kind by an entry point of {GROUP} (docs/values.md)")
        raise UnknownType(f"no kind {name!r} is installed", mend=mend)
    return known[name]


def _known_kinds() -> dict[str, Kind]:
    return {**{kind.name: kind for kind in kinds.BUILT_IN}, **_plugin_kinds(), **_registered}


@cache
def _plugin_kinds() -> dict[str, Kind]:
    """Kinds of installed packages. Raises ConfigError for two of one name, and for what is no kind."""
    found: dict[str, Kind] = {}
    builtin = {kind.name for kind in kinds.BUILT_IN}
    for point in entry_points(group=GROUP):
        loaded: Any = point.load()
        if not isinstance(loaded, Kind) or loaded.name != point.name:
            raise ConfigError(f"entry point {point.name!r} ({point.value}) is no kind of that name", mend="mend it")
        if loaded.name in builtin or found.get(loaded.name, loaded) != loaded:
            raise ConfigError(f"kind {loaded.name!r} is given twice ({point.value})", mend="uninstall one package")
        value_forms.check_own(loaded.form)
        found[loaded.name] = loaded
    return found


@cache
def class_names(cls: type[Any]) -> frozenset[str]:
    """The class and those that it is made of, each as "module:Class"."""
    return frozenset(f"{part.__module__}:{part.__qualname__}" for part in cls.__mro__)


@cache
def form_of_class(cls: type[Any]) -> Form | None:
    """The form of values of this class; None for plain values and for what no kind knows."""
    if cls is not bytes and (cls in ATOMS or cls in (list, tuple, dict)):
        return None
    names = class_names(cls)
    for form in value_forms.BUILT_IN:
        if form.of in names:
            return form
    own = (kind.form for kind in _known_kinds().values())
    return next((form for form in own if form is not None and form.of in names), None)


def kind_of_class(cls: type[Any]) -> Kind | None:
    """The kind that a plain class stands for in a signature: `torch.Tensor` is a tensor, `Mesh` a plugin's mesh."""
    form = form_of_class(cls)
    if form in (value_forms.TENSOR, value_forms.ARRAY):
        return kinds.TENSOR
    return next((kind for kind in _known_kinds().values() if form is not None and kind.form is form), None)


def form_of(value: Any) -> Form | None:
    """The form of this value; None for plain values and for what no kind knows."""
    return form_of_class(cast(type[Any], type(value)))


def form_named(name: str) -> Form | None:
    own = (kind.form for kind in _known_kinds().values())
    return next((form for form in (*value_forms.BUILT_IN, *own) if form is not None and form.name == name), None)


@cache
def _by_media_type(media_type: str) -> Form | None:
    own = (kind.form for kind in _known_kinds().values())
    return next((form for form in (*value_forms.BUILT_IN, *own) if form and media_type in form.media_types), None)


def form_of_media(media_type: str) -> Form | None:
    """The form whose bytes are of this media type; JPEG, WebP, GIF and BMP are pictures as PNG is."""
    if media_type in value_forms.OTHER_PICTURES:
        return value_forms.PICTURE
    return _by_media_type(media_type)


def is_of(value: Any, kind: Kind) -> bool:
    """Whether the value is one of the kind's form."""
    return kind.form is not None and kind.form.of in class_names(cast(type[Any], type(value)))


def problem(kind: Kind, value: Any) -> str:
    """What is wrong with a value of a large or tensor kind, or ''; plain kinds are checked by their annotation."""
    if kind.of:
        if not isinstance(value, list):
            return f"was given {type(value).__name__}, not a list"
        wrong = (_beside(kind, member) for member in cast(list[Any], value))
        return next((told for told in wrong if told), "")
    if kind.tensor:
        fine = hasattr(value, "shape") or isinstance(value, int | float)
        return "" if fine else f"was given {type(value).__name__}, not a tensor"
    return _beside(kind, value) if kind.form is not None else ""


def _beside(kind: Kind, value: Any) -> str:
    form = kind.form
    return "" if form is None or is_of(value, kind) else f"was given {type(value).__name__}, not {form.told}"


def encode(value: Any, kind: Kind | None = None) -> tuple[bytes, str]:
    """The value as bytes that keep all of it, and their media type. Raises ArtifactError if there are none."""
    if isinstance(value, str):
        try:
            return value.encode(), TEXT_TYPE
        except UnicodeEncodeError:
            raise ArtifactError("a text holds half a character", mend="give whole characters") from None
    form = form_of(value) or (kind.form if kind is not None and is_of(value, kind) else None)
    if form is not None:
        return form.encode(value)
    if isinstance(value, dict | list | int | float | None):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(), JSON_TYPE
        except (TypeError, ValueError) as error:
            raise ArtifactError(f"is no JSON ({error})", mend="store each large value by itself") from None
    raise ArtifactError(
        f"{type(value).__name__} cannot be kept as an artifact",
        mend="give a picture, a sound, a video, a tensor, text, JSON, or a kind of your own (docs/values.md)",
    )


def decode(data: bytes, media_type: str = "", kind: Kind | None = None, where: str = "") -> Any:
    """The value in the bytes: by the kind that is awaited, else by the media type.

    Raises ArtifactError if they hold none, or nobody knows the media type.
    """
    form = kind.form if kind is not None and kind.form is not None else form_of_media(media_type)
    try:
        if form is not None:
            return form.decode(data)
        if media_type == JSON_TYPE or (kind is not None and kind.name not in ("text", "any")):
            return json.loads(data)
        if kind is not None or media_type.startswith("text/"):
            return data.decode()
    except ArtifactError as error:
        raise ArtifactError(error.what, where=error.where or where, mend=error.mend) from None
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"is no {media_type or kind} ({error})", where=where, mend="make it anew") from None
    mend = "install the package that brings this kind"
    raise ArtifactError(f"nobody here reads {media_type or 'bytes without a media type'}", where=where, mend=mend)


def suffix(media_type: str) -> str:
    """The ending of a file of this media type."""
    form = form_of_media(media_type)
    return form.media_types.get(media_type, "") if form is not None else _PLAIN_ENDINGS.get(media_type, ".bin")


_PLAIN_ENDINGS = {TEXT_TYPE: ".txt", JSON_TYPE: ".json"}


def store(value: Any, artifacts: ArtifactStore, kind: Kind | None = None) -> dict[str, Any]:
    """Put a value of any kind into the store; gives `sha256`, `media_type`, `size`.

    A text also stands in the reference itself, as `text`. Raises ArtifactError for other values.
    """
    reference = artifacts.put(*encode(value, kind)).to_json()
    return {**reference, "text": value} if isinstance(value, str) else reference


def digest(value: Any, *, as_given: bool = False) -> str:
    """sha256 (hex) of this value, types included: of what its bytes keep, or of all that a block can see of it.

    Raises NotKeepable for what cannot be hashed.
    """
    total = hashlib.sha256()
    for piece in _pieces(value, as_given):
        total.update(len(piece).to_bytes(8, "big") + piece)
    return total.hexdigest()


def _pieces(value: Any, as_given: bool) -> list[bytes]:
    """The content of a value, types included: 1, 1.0 and True differ, as do two forms of one letter."""
    if type(value) in ATOMS or isinstance(value, Enum):
        return [f"{type(value).__qualname__}:{value!r}".encode("utf-8", "surrogatepass")]
    if type(value) in (list, tuple):
        return [f"{type(value).__name__}{len(value)}".encode(), *(p for v in value for p in _pieces(v, as_given))]
    if type(value) is dict:
        known = cast(dict[Any, Any], value)
        return [f"dict{len(known)}".encode(), *(p for kv in known.items() for v in kv for p in _pieces(v, as_given))]
    form = _form(value)
    unkept = form.unkept(value) if as_given and form.unkept is not None else []
    if form.pieces is not None:
        return [*unkept, *form.pieces(value)]
    if dataclasses.is_dataclass(value):
        parts = fields(value).values()
        return [*unkept, form.name.encode(), *(p for part in parts for p in _pieces(part, as_given))]
    return [*unkept, form.name.encode(), form.bytes_of(value)]


def copied(value: Any) -> Any:
    """A copy that shares nothing that could be changed. Raises NotKeepable for what no form knows."""
    if type(value) in ATOMS or isinstance(value, Enum):
        return value
    if type(value) in (list, tuple):
        return type(value)(copied(v) for v in value)
    if type(value) is dict:
        known = cast(dict[Any, Any], value)
        return {k: v if type(v) in ATOMS else copied(v) for k, v in known.items()}
    form = _form(value)
    if form.copy is not None:
        return form.copy(value)
    if dataclasses.is_dataclass(value):
        return rebuilt(form, {name: copied(part) for name, part in fields(value).items()})
    return form.decode(form.bytes_of(value))


def size(value: Any) -> int:
    """About how many bytes the value takes in memory. Raises NotKeepable if nobody can tell."""
    if isinstance(value, dict):
        return sum(size(v) for v in cast(dict[Any, Any], value).values()) + 64
    if isinstance(value, list | tuple):
        return sum(size(v) for v in cast(list[Any], value)) + 64
    form = form_of(value)
    if form is not None and form.size is not None:
        return form.size(value)
    if form is not None and dataclasses.is_dataclass(value):
        return sum(size(part) for part in fields(value).values())
    return len(value) if isinstance(value, str | bytes) else 64 if form is None else len(form.bytes_of(value))


def shown(value: Any) -> str:
    """The value in a few words, for people."""
    form = form_of(value)
    if form is not None:
        return form.show(value) if form.show is not None else form.told
    text = value if isinstance(value, str) else repr(cast(object, value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def fields(value: Any) -> dict[str, Any]:
    """The parts of a value that is a dataclass."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def rebuilt(form: Form, parts: dict[str, Any]) -> Any:
    """The value of a form that these parts make."""
    return cast(Callable[..., Any], form.cls)(**parts)


def _form(value: Any) -> Form:
    form = form_of(value)
    if form is None:
        raise NotKeepable(type(value).__name__)
    return form
