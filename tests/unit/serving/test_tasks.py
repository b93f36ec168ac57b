import asyncio

from restock.serving.tasks import ended


async def endless() -> None:
    while True:
        await asyncio.sleep(60)


async def deaf_once() -> None:
    """Takes the first cancellation for none, as `asyncio.wait_for` of Python 3.11 may."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await endless()


async def fails() -> None:
    raise ZeroDivisionError


async def started(coroutine) -> asyncio.Task[None]:
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


async def test_a_task_is_cancelled():
    task = await started(endless())
    await ended(task)
    assert task.cancelled()


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again():
    task = await started(deaf_once())
    async with asyncio.timeout(5):
        await ended(task)
    assert task.cancelled()


async def test_a_task_that_failed_has_ended():
    task = await started(fails())
    await ended(task)
    assert isinstance(task.exception(), ZeroDivisionError)
