"""Work that is done while a statement is waited for."""

from __future__ import annotations

from threading import Event, current_thread, main_thread

import pytest

from accounts.tenancy import current_organization_id
from contacts.importing.meanwhile import do_meanwhile, idle
from tests.worlds import World


def test_work_is_done_until_the_other_has_waited(north: World) -> None:
    done: list[int] = []
    enough = Event()

    def wait() -> None:
        assert current_thread() is not main_thread()
        assert current_organization_id() == north.organization.pk
        assert enough.wait(60)

    def work() -> bool:
        assert current_thread() is main_thread()
        done.append(len(done))
        if len(done) == 1_000:
            enough.set()
        return True

    with north.scope():
        do_meanwhile(wait, work)
    assert len(done) >= 1_000


def test_nothing_to_do_is_waiting() -> None:
    waited = []
    do_meanwhile(lambda: waited.append(current_thread()), idle)
    assert waited == [main_thread()]


def test_what_the_other_raises_is_raised() -> None:
    def wait() -> None:
        raise LookupError("nobody")

    with pytest.raises(LookupError, match="nobody"):
        do_meanwhile(wait, lambda: True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_who_is_interrupted_waits_all_the_same(error: type[BaseException]) -> None:
    begun, is_over = Event(), Event()

    def wait() -> None:
        assert begun.wait(60)
        is_over.set()

    def work() -> bool:
        if worked:
            begun.set()
            raise error
        worked.append(True)
        return True

    worked: list[bool] = []
    with pytest.raises(error):
        do_meanwhile(wait, work)
    assert is_over.is_set()
