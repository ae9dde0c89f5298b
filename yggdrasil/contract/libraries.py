"""The one door to diffusers and transformers, which put their names together when one is first asked for."""

from __future__ import annotations

from yggdrasil.contract.os_fork import rlock

IMPORTING = rlock(awaited=True)
"""Had by whoever imports from these libraries and asks them for a class: two threads that do so at once get halves of
modules, since a library that puts another module into its own place is seen before it by who waits for it. Nothing of
ours that waits for another thread stands inside."""
