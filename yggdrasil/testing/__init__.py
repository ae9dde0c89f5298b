"""How a block is tested, ours and a stranger's alike: one call goes through all that the contract promises."""

from yggdrasil.testing.checks import CheckFailed, check_block
from yggdrasil.testing.model import ScriptedModel, calls, says
from yggdrasil.testing.other_process import Elsewhere
from yggdrasil.testing.report import Outcome, Report
from yggdrasil.testing.trying import TryingModel

__all__ = [
    "CheckFailed",
    "Elsewhere",
    "Outcome",
    "Report",
    "ScriptedModel",
    "TryingModel",
    "calls",
    "check_block",
    "says",
]
