"""A lane a device: so many compute at once, who waits can be cancelled, and parts inside of parts never wait."""

import contextvars
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from yggdrasil.contract import Block, Cancelled, ConfigError, here
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.lanes import Line, lane, set_lanes


def test_only_so_many_are_inside_and_all_get_their_turn() -> None:
    line, inside, most, lock = Line(2), [0], [0], threading.Lock()
    met = threading.Barrier(2)

    def work(number: int) -> int:
        with line.turn(CancelToken()):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            met.wait(10)
            with lock:
                inside[0] -= 1
        return number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(8))) == list(range(8))
    assert most == [2]


def test_who_waits_leaves_as_soon_as_the_run_is_cancelled_and_takes_no_room_along() -> None:
    line, token, waits = Line(), CancelToken(), threading.Event()
    ends: list[str] = []

    class Told(CancelToken):
        def on_cancel(self, callback):  # type: ignore[no-untyped-def]
            leave = super().on_cancel(callback)
            waits.set()
            return leave

    def wait() -> None:
        try:
            with line.turn(Told(token), "g/paint"):
                ends.append("computed")
        except Cancelled as error:
            ends.append(str(error))

    with line.turn(CancelToken()):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(10)
        token.cancel()
        thread.join(10)
        assert len(ends) == 1 and "g/paint" in ends[0]
    with line.turn(CancelToken()):
        pass
    with pytest.raises(Cancelled), line.turn(CancelToken()), line.turn(token):
        token.check("inside, again is free")


def test_what_a_run_calls_inside_has_its_room_also_in_another_thread() -> None:
    line = Line()
    with ThreadPoolExecutor(1) as pool:

        def inner() -> str:
            with line.turn(CancelToken()):
                return "inside"

        with line.turn(CancelToken()), line.turn(CancelToken()):
            assert pool.submit(contextvars.copy_context().run, inner).result(10) == "inside"
            late = contextvars.copy_context()
        with line.turn(CancelToken()):
            token = CancelToken()
            token.cancel()
            with pytest.raises(Cancelled):
                late.run(lambda: line.turn(token).__enter__())


def test_a_lane_made_wider_lets_those_in_who_wait() -> None:
    line, entered = Line(), threading.Event()

    def work() -> None:
        with line.turn(CancelToken()):
            entered.set()

    with line.turn(CancelToken()):
        thread = threading.Thread(target=work)
        thread.start()
        line.width = 2
        assert entered.wait(10)
        thread.join(10)


def test_a_device_has_one_lane_by_its_name_and_at_least_one_place() -> None:
    assert lane("cuda") is lane("cuda:0") is not lane("cuda:1")
    assert lane("cuda").width == 1 and lane("cpu").width >= 1
    with pytest.raises(ConfigError, match="one or more"):
        set_lanes("cpu", 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_finds_the_lane_free() -> None:
    token = CancelToken()
    with lane("test-fork").turn(CancelToken()):
        waiting = threading.Thread(target=_quietly, args=(token,))
        waiting.start()
        child = os.fork()
        if child == 0:
            with lane("test-fork").turn(CancelToken()):
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        token.cancel()
        waiting.join(10)


def _quietly(token: CancelToken) -> None:
    try:
        with lane("test-fork").turn(token):
            pass
    except Cancelled:
        pass


def test_a_plain_block_that_computes_takes_a_lane_by_saying_so() -> None:
    entered, inside, go = list[str](), threading.Event(), threading.Event()

    class Computes(Block):
        heavy = True

        def forward(self, name: str) -> str:
            with here().lane("other"):
                entered.append(name)
                inside.set()
                go.wait(30)
            return name

    first = Computes().stream(name="first")
    assert inside.wait(30)
    second = Computes().stream(name="second")
    second.close()
    go.set()
    assert first.outputs["text"] == "first" and entered == ["first"]
