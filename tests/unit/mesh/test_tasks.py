"""Background tasks end, whatever they make of a cancellation."""

import asyncio

from mesh.tasks import (
    HEALTHY_S,
    RESTART_S_MAX,
    Supervised,
    cancel_until_done,
    is_set_within,
)
from tests.support.clock import ManualClock

FAILURES = 40


async def test_a_task_that_loses_its_first_cancellations_ends_all_the_same():
    lost, waiting = [], asyncio.Event()

    async def deaf() -> None:
        while True:
            try:
                waiting.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                if len(lost) == 2:
                    raise
                lost.append(error)

    task = asyncio.create_task(deaf())
    await waiting.wait()
    await cancel_until_done([task])
    assert task.cancelled()
    assert len(lost) == 2


async def test_failed_and_finished_tasks_are_left_as_they_are():
    async def fails() -> None:
        raise ValueError("of its own")

    async def ends() -> int:
        return 7

    tasks = [asyncio.create_task(fails()), asyncio.create_task(ends())]
    await asyncio.wait(tasks)
    await cancel_until_done(tasks)
    assert isinstance(tasks[0].exception(), ValueError)
    assert tasks[1].result() == 7
    await cancel_until_done([])


async def test_an_event_is_awaited_for_so_long_only():
    event = asyncio.Event()
    assert not await is_set_within(event, 0)
    asyncio.get_running_loop().call_soon(event.set)
    assert await is_set_within(event, 10)


async def test_a_part_that_fails_is_started_again_with_growing_bounded_delays():
    clock, delays, attempts = ManualClock(), [], []

    async def part() -> None:
        attempts.append(clock.now_ns())
        if len(attempts) <= FAILURES:
            raise ValueError("of its own")
        if len(attempts) == FAILURES + 1:
            return
        await asyncio.Event().wait()

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    supervised = Supervised("history", part, clock)
    assert supervised.healthy
    task = asyncio.create_task(supervised.run(sleep))
    while len(attempts) < FAILURES + 2:
        await asyncio.sleep(0)
    assert supervised.failures == len(delays) == FAILURES + 1
    assert delays[0] == 0
    assert max(delays) <= RESTART_S_MAX
    # To end by itself is a failure, too.
    assert supervised.cause == "it ended by itself"
    assert not supervised.healthy
    clock.advance(HEALTHY_S)
    assert supervised.healthy
    await cancel_until_done([task])
