"""Where training keeps what it downloads and makes: never in the repository."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"


def cache() -> Path:
    """The folder of $YGG_TRAINING, else ~/.cache/yggdrasill-training."""
    return Path(os.environ.get("YGG_TRAINING") or Path.home() / ".cache" / "yggdrasill-training")
