"""Running a plan: values along edges, declared loops inside, independent heavy branches side by side."""

from __future__ import annotations

import copy
import functools
import math
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from yggdrasil.contract.artifacts import CountingStore
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here, here, standing
from yggdrasil.contract.edges import CONSTANT, SELF
from yggdrasil.contract.errors import CONTROL
from yggdrasil.contract.events import reason
from yggdrasil.contract.finite import check_finite
from yggdrasil.contract.own_copies import owned
from yggdrasil.contract.running import perform
from yggdrasil.engine.flow.batched_calls import BatchedCalls
from yggdrasil.engine.flow.cache import Cache, Keys, value_key
from yggdrasil.engine.flow.feeding import Source, Values, carried_into, joined
from yggdrasil.engine.flow.loop_events import Gathered, LoopEvents, parted
from yggdrasil.engine.flow.plan import Plan, PlannedCall, Round, Step
from yggdrasil.engine.flow.workers import workers

_NOTHING: dict[str, Any] = {}
_CHEAP = 0.01
"""Seconds that a preview may take at every round."""


def run_plan(
    plan: Plan, inputs: Mapping[str, Any], cache: Cache | None = None, watch: tuple[Source, ...] = ()
) -> dict[str, Any]:
    """Run every step once and give the graph's outputs by name, and those of `watch` as `node.port`.

    A run that learns stays in the caller's thread, where its grad mode and autocast hold, and keeps no results.
    Raises what a block raises, its place added.
    """
    place = here()
    learns = place.mode.learning
    tapped = place.audience is not None and place.audience.taps
    run = _Run(plan, dict(inputs), place, None if learns or tapped else cache)
    if plan.parallel and not learns:
        run.side_by_side()
    else:
        take = run.act if run.cache is None else run.step
        for step in plan.steps:
            take(step)
    outputs = {name: joined(run.values, sources, join) for name, (sources, join) in plan.outputs.items()}
    if plan.finite:
        check_finite(outputs, plan.finite, lambda name: place.below(plan.outputs[name][0][0][0]).path)
    return outputs | {f"{node}.{port}": run.values[node].get(port) for node, port in watch} if watch else outputs


class _Run:
    def __init__(self, plan: Plan, inputs: dict[str, Any], place: Here, cache: Cache | None) -> None:
        self.plan = plan
        self.place = place
        self.preview_due = 0.0
        self.values: Values = {SELF: inputs, CONSTANT: copy.deepcopy(plan.constants) if plan.constants else _NOTHING}
        self.cache = cache
        self.keys: Keys = {}
        self.salt = ""
        if cache is not None:
            self.salt = f"{place.seed}|{place.mode.key}"
            self.put = place.artifacts = CountingStore(place.artifacts)
            self.keys = {(SELF, n): value_key(v) for n, v in inputs.items()}
            self.keys |= {(CONSTANT, place): value_key(v) for place, v in plan.constants.items()}

    def side_by_side(self) -> None:
        """Start each step as soon as what it waits for is done; one failure stops all.

        Heavy ones run in threads of the process, as long as one is free; one that nothing could run beside stays
        here, where the caller's caches are warm.
        """
        branches = CancelToken(self.place.cancel)
        self.place = self.place.but(cancel=branches)
        heavy = self.plan.heavy
        waiting = [len(w) for w in self.plan.waits]
        ready = [i for i, n in enumerate(waiting) if not n]
        running: dict[Future[None], int] = {}
        try:
            while ready or running:
                while ready:
                    i = next((n for n in ready if heavy[n]), ready[0])
                    ready.remove(i)
                    work = functools.partial(self.step, self.plan.steps[i])
                    future = workers().start(work) if heavy[i] and (ready or running) else None
                    if future is not None:
                        running[future] = i
                    else:
                        work()
                        self._release(i, waiting, ready)
                finished, _ = wait(running, return_when=FIRST_COMPLETED) if running else ((), ())
                for future in finished:
                    i = running.pop(future)
                    future.result()
                    self._release(i, waiting, ready)
        except BaseException:  # raised again: whatever ends one branch, Ctrl-C too, stops the others
            branches.cancel()
            raise
        finally:
            wait(running)

    def _release(self, i: int, waiting: list[int], ready: list[int]) -> None:
        for j in self.plan.followers[i]:
            waiting[j] -= 1
            if not waiting[j]:
                ready.append(j)

    def step(self, step: Step) -> None:
        if self.cache is None:
            self.act(step)
            return
        if step.extra is not None and step.extra.unread(self.values):
            self.act(step)
            self.keys |= {(step.name, port): "unread" for port in step.gives}
            return
        key = self.cache.step_key(self.plan, step, self.keys, self.salt)
        if key is not None:
            found = self.cache.get(key)
            if found is not None:
                self.values.update(found)
                self._remember_keys(step, key)
                if self.place.listening:
                    for call in step.calls if isinstance(step, Round) else (step,):
                        self.place.below(call.name).emit("skipped", reason=reason("unchanged"))
                return
        before = self.put.times
        self.act(step)
        if key is not None and self.put.times == before:
            self.cache.put(key, self._results(step))
        if key is not None:
            self._remember_keys(step, key)

    def act(self, step: Step) -> None:
        """Run a step; a node into which values only flow goes the short way, as long as none of them is absent."""
        if isinstance(step, Round):
            self.round(step)
            return
        known = self.values
        if step.straight is not None:
            values: dict[str, Any] = {}
            for port, node, out in step.straight:
                value = known[node].get(out)
                if value is None:
                    break
                values[port] = value
            else:
                known[step.name] = perform(step.block, values, self.place.below(step.name))
                return
        known[step.name] = self.call(step, _NOTHING)

    def _results(self, step: Step) -> Values:
        """What of a step later steps can read: of a loop only what leaves it."""
        if not isinstance(step, Round):
            return {step.name: self.values[step.name]}
        return {
            call.name: {p: self.values[call.name].get(p) if (call.name, p) in step.read else None for p in call.gives}
            for call in step.calls
        }

    def _remember_keys(self, step: Step, key: str) -> None:
        for call in step.calls if isinstance(step, Round) else (step,):
            for port in call.gives:
                self.keys[(call.name, port)] = f"{key}|{call.name}.{port}"

    def _unread(self, call: PlannedCall, told: LoopEvents | Gathered | None) -> dict[str, Any]:
        """A call that nobody wants in this run is skipped."""
        if told is None or told.skips(call.name):
            self.place.below(call.name).emit("skipped", reason=reason("unread"))
        return dict.fromkeys(call.gives)

    def call(
        self,
        call: PlannedCall,
        carried: dict[str, Any],
        number: int = 1,
        told: LoopEvents | Gathered | None = None,
    ) -> dict[str, Any]:
        """Run one node, or skip it if a required value is absent.

        `number`: which call of this place it is; each draws from a seed of its own. `told`: of a loop, what its
        nodes have said already, or where what is to run is gathered instead.
        """
        values: dict[str, Any] = {}
        absent: list[str] = []
        known = self.values
        for port, sources, join in call.feeds:
            if port in carried:
                value = carried[port]
            elif join or not sources:
                value = joined(known, sources, join)
            else:
                node, out = sources[0]
                value = known[node].get(out)
            if value is None:
                absent.append(port)
            values[port] = value
        if absent or call.unfed:
            ports = call.block.inputs
            values |= {p: ports[p].fresh_default() for p in (*absent, *call.unfed) if not ports[p].required}
        place = self.place.below(call.name, number)
        if call.extra is not None:
            if call.extra.unread(self.values):
                return self._unread(call, told)
            if call.extra.worn is not None:
                place.mode = place.mode.with_worn(call.block.serial, call.extra.worn)
        for port in absent:
            if port in call.needs:
                if told is None or told.skips(call.name):
                    place.emit("skipped", reason=reason("absent", port=port))
                return dict.fromkeys(call.gives)
        if call.doubtful:
            ports = call.block.inputs
            values |= {port: ports[port].check(values[port], place.path) for port in call.doubtful}
        for port in call.shared:
            values[port] = owned(values[port], place.path)
        return perform(call.block, values, place) if told is None else told.perform(call, values, place)

    def _together(self, group: BatchedCalls, carried: dict[Source, Any], number: int, told: LoopEvents) -> None:
        """Run calls of one block: as one call if the block can join them, else one after another."""
        gathered = Gathered(told)
        for call in group.calls:
            self.values[call.name] = self.call(call, carried_into(carried, call), number, gathered)
        waiting = gathered.calls
        bare, dressed = parted(waiting)
        whole = bare[-1][0].block.joined([values for _, values, _ in bare]) if len(bare) > 1 else None
        for call, values, place in waiting if whole is None else dressed:
            self.values[call.name] = told.perform(call, values, place)
        if whole is not None:
            self.values.update(told.perform_joined(bare, whole))

    def round(self, step: Round) -> None:
        """Run a declared loop until its output says so."""
        told = LoopEvents()
        try:
            self._rounds(step, told)
        except BaseException as error:
            told.end(self.place, error)
            raise
        told.end(self.place)

    def _rounds(self, step: Round, told: LoopEvents) -> None:
        carried: dict[tuple[str, str], Any] = {}
        done = 0
        while True:
            self.place.check()
            for turn in step.turns:
                if isinstance(turn, BatchedCalls):
                    self._together(turn, carried, done + 1, told)
                else:
                    self.values[turn.name] = self.call(turn, carried_into(carried, turn), done + 1, told)
                if self._is_over(step, turn):
                    for call in step.calls:
                        self.values.setdefault(call.name, dict.fromkeys(call.gives))
                    return
            done += 1
            if step.loop.times and done >= step.loop.times:
                return
            carried = {target: self.values[node][port] for (node, port), target in step.carry}
            self._preview(step, done)

    def _is_over(self, step: Round, turn: PlannedCall | BatchedCalls) -> bool:
        if step.until is None or step.until[0] != (turn.calls[-1] if isinstance(turn, BatchedCalls) else turn).name:
            return False
        return self.values[step.until[0]][step.until[1]] is None

    def _preview(self, step: Round, done: int) -> None:
        """Show the picture as it is now to who wants it; a costly view is shown a quarter of the time at most.

        A view that cannot be made ends the views of this run, never the run.
        """
        if step.preview is None or not self.place.wants("preview"):
            return
        began = time.monotonic()
        if began < self.preview_due:
            return
        place = self.place.below(step.loop.preview)
        try:
            with standing(place.but(audience=None)):
                shown = step.preview(self.values)
        except CONTROL:
            raise
        except Exception as error:  # the codec may fail in any way, for want of memory too; the result needs no view
            self.preview_due = math.inf
            place.note(f"no previews: {type(error).__name__}: {error}", "no_previews", error=type(error).__name__)
            return
        cost = time.monotonic() - began
        self.preview_due = began + 4 * cost if cost > _CHEAP else 0.0
        if shown:
            place.emit("preview", image=next(iter(shown.values())), done=done)
