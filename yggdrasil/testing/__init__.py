"""How a block is tested, ours and a stranger's alike: one call goes through all that the contract promises."""

from yggdrasil.testing.checks import CheckFailed, check_block
from yggdrasil.testing.elsewhere import Elsewhere
from yggdrasil.testing.report import Outcome, Report

__all__ = ["CheckFailed", "Elsewhere", "Outcome", "Report", "check_block"]
