"""The budgets of bytes: one for a sandbox, one for all of them."""

from __future__ import annotations

import threading
from random import Random

import pytest
from tpmock.core.bounded import BoundedDict
from tpmock.core.memory import Memory, ProcessMemory

Texts = BoundedDict[int, str]


def texts(memory: Memory, name: str = "texts", waiting: set[int] | None = None) -> Texts:
    """Texts by number; those whose first letter is ``w`` wait."""
    return BoundedDict(weigh=lambda _, text: len(text), waits=lambda text: text[0] == "w", memory=memory, name=name)


def fill(holder: Texts, *, count: int, size: int = 10, letter: str = "x") -> None:
    for _ in range(count):
        holder[next(reversed(holder), 0) + 1] = letter * size


def test_the_heaviest_kind_gives_way_first() -> None:
    memory = Memory(ProcessMemory(), threading.RLock(), most=100)
    few, many = texts(memory, "few"), texts(memory, "many")
    fill(few, count=2)
    fill(many, count=20)
    assert (len(few), len(many), memory.used) == (2, 8, 100)
    assert memory.dropped() == {"few": 0, "many": 12}


def test_what_waits_is_not_dropped_and_told_to_be_full() -> None:
    memory = Memory(ProcessMemory(), threading.RLock(), most=100)
    holder = BoundedDict[int, str](
        size=5, weigh=lambda _, text: len(text), waits=lambda text: text[0] == "w", memory=memory, name="texts"
    )
    fill(holder, count=2)
    fill(holder, count=4, letter="w")
    assert (memory.refusal("texts"), holder.dropped) == (None, 1)
    fill(holder, count=1, letter="w")
    assert memory.refusal("texts") == "5 texts of this sandbox wait (0.0 MB)"
    fill(holder, count=1, letter="w")
    assert [text[0] for text in holder.values()] == ["w"] * 6
    assert (memory.waiting, holder.waiting, holder.dropped) == (60, 6, 2)


def test_what_is_done_may_go() -> None:
    memory = Memory(ProcessMemory(), threading.RLock(), most=100)
    done: set[int] = set()
    holder = BoundedDict[int, int](size=2, waits=lambda value: value not in done, memory=memory, name="numbers")
    for number in range(3):
        holder[number] = number
    done.add(1)
    holder.reweigh(1)
    assert list(holder) == [0, 2]


def test_all_sandboxes_together_have_a_budget() -> None:
    process = ProcessMemory(1_600)
    memories = [Memory(process, threading.RLock(), most=1_000) for _ in range(4)]
    holders = [texts(memory) for memory in memories]
    fill(holders[0], count=10)
    for holder in holders[1:]:
        fill(holder, count=60)
    assert process.used == sum(memory.used for memory in memories) <= 1_600
    # The one that remembers little keeps all, the others have about the same.
    assert memories[0].used == 100
    assert max(memory.used for memory in memories[1:]) - min(memory.used for memory in memories[1:]) <= 110


def test_a_sandbox_that_is_busy_is_not_waited_for() -> None:
    process = ProcessMemory(1_000)
    busy, own = threading.RLock(), threading.RLock()
    theirs, ours = texts(Memory(process, busy)), texts(Memory(process, own))
    fill(theirs, count=90)
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with busy:
            taken.set()
            done.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    assert taken.wait(30)
    fill(ours, count=40)
    done.set()
    other.join(30)
    assert (len(theirs), process.used) == (90, 1_000)


def test_what_waits_in_all_sandboxes_together_is_bounded() -> None:
    process = ProcessMemory(1_000)
    full, empty = Memory(process, threading.RLock()), Memory(process, threading.RLock())
    deliveries = texts(full, "deliveries")
    texts(empty, "deliveries")
    texts(empty, "invitations")
    fill(deliveries, count=51, letter="w")
    assert str(empty.refusal("deliveries")).endswith("wait in all sandboxes together, 0.0 MB may")
    assert empty.refusal("invitations") is None
    fill(deliveries, count=25, letter="w")
    assert empty.refusal("invitations") is not None
    full.close()
    assert (empty.refusal("deliveries"), process.used, process.waiting) == (None, 0, 0)


def test_what_is_written_into_a_closed_budget_does_not_count() -> None:
    process = ProcessMemory(1_000)
    memory = Memory(process, threading.RLock())
    holder = texts(memory)
    memory.close()
    memory.close()
    fill(holder, count=5)
    assert process.used == 0


def test_room_is_not_searched_with_each_call_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = ProcessMemory(1_600)
    holder = texts(Memory(process, threading.RLock()))
    searched: list[int] = []
    shrink = Memory.shrink

    def counted(memory: Memory, by: int) -> None:
        searched.append(by)
        shrink(memory, by)

    monkeypatch.setattr(Memory, "shrink", counted)
    fill(holder, count=160, letter="w")
    searched.clear()
    fill(holder, count=10, letter="w")
    assert len([by for by in searched if by > 0]) <= 2
    assert len(holder) == 170


@pytest.mark.parametrize("seed", range(5))
def test_weights_stay_right_whatever_happens(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - for a test
    process = ProcessMemory(4_000)
    memories = [Memory(process, threading.RLock(), most=1_500) for _ in range(3)]
    values: list[dict[int, str]] = [{} for _ in memories]
    holders = [
        BoundedDict[int, int](
            size=40,
            weigh=lambda key, _, texts=texts: len(texts[key]),  # type: ignore[misc]
            waits=lambda key, texts=texts: texts[key][0] == "w",  # type: ignore[misc]
            memory=memory,
            name="texts",
        )
        for memory, texts in zip(memories, values, strict=True)
    ]
    for step in range(3_000):
        at = random.randrange(3)
        holder, known = holders[at], values[at]
        key = random.choice(list(holder)) if holder and random.random() < 0.5 else step
        known[key] = random.choice("wxx") * random.randrange(1, 150)
        if key in holder and random.random() < 0.3:
            del holder[key]
        elif key in holder and random.random() < 0.5:
            holder.reweigh(key)
        else:
            holder[key] = key
        for memory, one, texts in zip(memories, holders, values, strict=True):
            weights = {key: len(texts[key]) for key in one} if one is holder else None
            if weights is not None:
                assert one.weight == memory.used == sum(weights.values())
                assert one.waiting == sum(texts[key][0] == "w" for key in one)
            loose = [key for key in one if texts[key][0] != "w"]
            assert memory.used <= 1_500 or len(loose) <= 1
        assert process.used == sum(memory.used for memory in memories)
