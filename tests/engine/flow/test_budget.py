"""The results of all graphs share one budget; what is dropped leaves nothing of itself."""

from __future__ import annotations

import gc
import threading
from typing import ClassVar

import pytest

import yggdrasil as ygg
from tests.forked import forks, in_child
from yggdrasil.contract import Block, ConfigError
from yggdrasil.engine.flow.budget import BUDGET, Budget, set_cache
from yggdrasil.engine.flow.cache import Cache
from yggdrasil.ports import Text

CALLS: list[str] = []


class Twice(Block, type="test_budget/twice"):
    """Say it twice."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        CALLS.append(text)
        return text * 2


def twice() -> ygg.Graph:
    graph = ygg.Graph("g").add(Twice(), "first").add(Twice(), "second")
    return (
        graph.connect("self.text", "first.text")
        .connect("first.text", "second.text")
        .connect("second.text", "self.text")
    )


def test_the_least_used_result_goes_whosever_it_is() -> None:
    budget = Budget(300)
    one, other = Cache(budget), Cache(budget)
    one.put("a", b"x" * 100)
    other.put("a", b"y" * 100)
    assert one.get("a") == b"x" * 100
    one.put("b", b"x" * 150)
    assert other.get("a") is None and one.get("a") is not None and one.get("b") is not None
    one.put("b", b"x")
    assert 100 <= budget.taken < 200


def test_what_goes_leaves_nothing_of_itself() -> None:
    budget = Budget(1000)
    one, other = Cache(budget), Cache(budget)
    for cache in (one, other):
        for key in "abc":
            cache.put(key, b"x" * 100)
    whole = budget.taken
    one.clear()
    assert budget.taken == whole // 2 and one.get("a") is None and other.get("a") is not None
    del other, cache
    gc.collect()
    assert budget.taken == 0 and not budget._found and not budget._owned
    one.put("a", b"x" * 100)
    budget.limit = 50
    assert budget.taken == 0 and not budget._found and not budget._owned


def test_an_owner_that_goes_while_the_budget_is_in_use_is_forgotten_by_who_comes_next() -> None:
    budget = Budget(1000)
    one, other = Cache(budget), Cache(budget)
    one.put("a", b"x" * 100)
    with budget._lock:
        del one
        gc.collect()
    other.put("b", b"x" * 100)
    assert len(budget._found) == 1 and len(budget._owned) == 1


def test_many_threads_and_owners_keep_the_sum_right() -> None:
    budget = Budget(4000)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(100):
                cache = Cache(budget)
                for key in range(5):
                    cache.put(str(key), bytes([number]) * 100)
                    assert cache.get(str(key)) in (bytes([number]) * 100, None)
                if turn % 3 == 0:
                    cache.clear()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    last = Cache(budget)
    last.put("last", b"")
    assert not failed and last.get("last") == b""
    assert budget.taken == sum(size for _, size in budget._found.values()) and len(budget._owned) == 1


def test_a_graph_is_right_whatever_of_its_results_was_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BUDGET, "_limit", BUDGET.limit)
    graph, other = twice(), twice()
    CALLS.clear()
    for _ in range(2):
        assert graph.run(text="ab").text == "ab" * 4
        assert other.run(text="ab").text == "ab" * 4
    assert CALLS == ["ab", "abab"] * 2
    assert graph.cache is not None
    owner = graph.cache._owner
    first = next(key for number, key in BUDGET._found if number == owner)
    with BUDGET._lock:
        BUDGET._take_out(owner, first)
    CALLS.clear()
    assert graph.run(text="ab").text == "ab" * 4 and CALLS == ["ab"]
    ygg.set_cache(0)
    CALLS.clear()
    assert [graph.run(text="ab").text for _ in range(2)] == ["ab" * 4] * 2
    assert CALLS == ["ab", "abab"] * 2 and BUDGET.taken == 0
    with pytest.raises(ConfigError, match="0, to keep none"):
        set_cache(-1)


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_begins_with_no_results() -> None:
    graph = twice()
    graph.run(text="ab")
    CALLS.clear()
    assert in_child(lambda: [BUDGET.taken, graph.run(text="ab").text, CALLS]) == [0, "ab" * 4, ["ab", "abab"]]
    assert graph.run(text="ab").text == "ab" * 4 and not CALLS
