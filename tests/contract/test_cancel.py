"""Cancelling is heard: by who polls the flag, by who asked to be called, and by who waits."""

import gc
import threading
import time
import weakref

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, Cancelled, CancelToken, ConfigError, here, listening
from yggdrasil.contract.cancel import Inbox


def test_a_callback_is_called_once_and_at_once_where_it_comes_late() -> None:
    token, called = CancelToken(), []
    token.on_cancel(lambda: called.append("early"))
    assert called == []
    token.cancel()
    token.cancel()
    token.on_cancel(lambda: called.append("late"))
    assert called == ["early", "late"]


def test_a_parents_cancelling_calls_who_asked_its_child_and_never_the_other_way() -> None:
    parent = CancelToken()
    child, called = CancelToken(CancelToken(parent)), []
    child.on_cancel(lambda: called.append("child"))
    parent.on_cancel(lambda: called.append("parent"))
    child.cancel()
    assert called == ["child"] and not parent.cancelled
    parent.cancel()
    assert called == ["child", "parent"]
    other, heard = CancelToken(), []
    CancelToken(other).on_cancel(lambda: heard.append(1))
    other.cancel()
    assert heard == [1]


def test_a_wish_taken_back_is_not_granted_and_leaves_nothing_at_the_parent() -> None:
    parent, called = CancelToken(), []
    child = CancelToken(parent)
    gone = weakref.ref(child)
    first, second = (child.on_cancel(lambda: called.append(1)) for _ in range(2))
    first()
    first()
    second()
    del child, first, second
    gc.collect()
    assert gone() is None, "a parent that lives long keeps no child that nobody waits on"
    parent.cancel()
    assert called == []


def test_a_callback_that_fails_keeps_no_other_from_being_called() -> None:
    token, called = CancelToken(), []

    def fail() -> None:
        raise ZeroDivisionError("no")

    token.on_cancel(fail)
    token.on_cancel(lambda: called.append(1))
    with pytest.raises(ZeroDivisionError):
        token.cancel()
    assert called == [1] and token.cancelled


def test_who_waits_is_woken_by_a_token_above() -> None:
    parent = CancelToken()
    child, woken = CancelToken(parent), []
    waiting = threading.Thread(target=lambda: woken.append(child.wait(60)))
    waiting.start()
    parent.cancel()
    waiting.join(10)
    assert woken == [True] and CancelToken().wait(0) is False


def test_a_callback_may_ask_and_cancel_again() -> None:
    token, called = CancelToken(), []

    def again() -> None:
        token.on_cancel(lambda: called.append("inner"))
        token.cancel()

    token.on_cancel(again)
    token.cancel()
    assert called == ["inner"]


class Stops(Block, type="test_cancel/stops"):
    """Cancel the run that it is part of."""

    def forward(self, stop: bool = False) -> int:
        if stop:
            here().cancel.cancel()
        here().check()
        return 1


def test_a_run_that_cancels_itself_leaves_the_later_ones_of_the_process_alone() -> None:
    block = Stops()
    with pytest.raises(Cancelled):
        block.run(stop=True)
    assert block.run().value == 1


def test_an_inbox_gives_in_order_until_the_run_is_cancelled_or_the_time_is_over() -> None:
    inbox, token = Inbox[int](), CancelToken()
    for item in (1, 2):
        inbox.put(item)
    assert [inbox.take(token), inbox.take(token)] == [1, 2]
    with pytest.raises(TimeoutError):
        inbox.take(token, until=time.monotonic() + 0.01)
    with pytest.raises(TimeoutError):
        inbox.take(token, until=0.0)
    inbox.put(3)
    assert inbox.take(token, until=time.monotonic() + 60) == 3 and not token._callbacks
    left = list[str]()

    def wait() -> None:
        try:
            inbox.take(CancelToken(token), "g/wait")
        except Cancelled as error:
            left.append(error.where)

    thread = threading.Thread(target=wait)
    thread.start()
    token.cancel()
    thread.join(30)
    assert left == ["g/wait"]
    inbox.put(4)
    with pytest.raises(Cancelled):
        inbox.take(token)
    assert inbox.take(CancelToken()) == 4


class Free(Block):
    """Say whether the run goes on."""

    def forward(self) -> bool:
        here().check()
        return not here().cancel.cancelled


def test_outside_of_a_run_there_is_nothing_to_cancel_and_later_runs_are_as_before() -> None:
    with pytest.raises(ConfigError, match="nothing runs here"):
        here().cancel.cancel()
    with ygg.session(), pytest.raises(ConfigError, match="nothing runs here"):
        here().cancel.cancel()
    with ygg.session():
        assert Free().run().value is True
    with listening(lambda event: None):
        assert Free().run().value is True
    assert Free().stream().outputs["value"] is True
