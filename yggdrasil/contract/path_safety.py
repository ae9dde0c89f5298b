"""One rule for each file that a manifest or a side file names: it lies in that one's folder, no link leads to it."""

from __future__ import annotations

from pathlib import Path

from yggdrasil.contract.errors import WeightsError


def inside(folder: Path, name: str, where: str = "") -> Path:
    """The resolved path of the file `name` below `folder`, there or not.

    Raises WeightsError for a path out of the folder, a link on the way, or what is no path at all.
    """
    try:
        root = folder.resolve()
        path = (root / name).resolve()
        leaves = not path.is_relative_to(root) or path == root
        linked = not leaves and path != root.joinpath(*Path(name).parts)
        path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        what = f"{name[:80]!r} is no path of a file ({error})"
        raise WeightsError(what, where=where, mend="name a file in the manifest's folder") from None
    if leaves:
        raise WeightsError(f"{name!r} leaves the folder of its manifest", where=where, mend="keep files inside it")
    if linked:
        raise WeightsError(f"{name!r} goes by a link or `..`", where=where, mend="put the file itself there")
    return path
