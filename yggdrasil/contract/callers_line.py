"""A warning at the line of the script that called us, not at one of ours or of a library between."""

from __future__ import annotations

import sys
import sysconfig
import warnings
from functools import cache
from pathlib import Path

OURS = str(Path(__file__).parents[1])
"""The folder of our own code."""


@cache
def is_library(file: str) -> bool:
    """Whether a file of code is ours or of an installed package, not of the script that calls them."""
    stood = [OURS, sysconfig.get_path("stdlib")]
    return file.startswith(("<frozen ", *stood)) or "site-packages" in file


def warn_caller(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn where the nearest code stands that is neither ours nor a library's; else where our thread began."""
    frame, level = sys._getframe(1), 2  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and is_library(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
