"""What a file may cost whoever looks into it: a process, a time and so much memory, and then it is told."""

from __future__ import annotations

import os
import threading
import time

import pytest

from referrals.attachments import apart
from referrals.attachments.apart import TooLong, TooMany
from referrals.attachments.kinds import Kind, Unwelcome, judge
from tests import hostile_files


def test_the_answer_is_the_one_that_would_be_given_here() -> None:
    assert apart.apart(judge, hostile_files.docx(), "plan.docx") is Kind.DOCX
    with pytest.raises(Unwelcome, match="^is a program, whatever its name says"):
        apart.apart(judge, b"MZ and so on", "plan.docx")


def test_what_takes_too_long_is_ended_and_the_next_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONGEST", 0.3)
    with pytest.raises(TooLong):
        apart.apart(time.sleep, 60)
    monkeypatch.undo()
    assert apart.apart(judge, hostile_files.pdf()) is Kind.PDF


@pytest.mark.parametrize(
    ("does", "given"), [(os.abort, ()), (bytes, (apart.MOST_MEMORY + 1,))], ids=["crash", "memory"]
)
def test_a_crash_or_too_much_memory_is_its_own_alone(does: object, given: tuple[int, ...]) -> None:
    with pytest.raises(TooLong):
        apart.apart(does, *given)  # type: ignore[arg-type]
    assert apart.apart(judge, hostile_files.pdf()) is Kind.PDF


def test_processes_that_broke_are_replaced_by_new_ones() -> None:
    apart.pool().stop()
    assert apart.apart(judge, hostile_files.pdf()) is Kind.PDF


def test_it_knows_none_of_the_portals_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    assert apart.apart(os.getenv, "SECRET_KEY") is None and apart.apart(os.nice, 0) >= 10


def test_two_wait_and_the_third_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.05)
    waiting = [threading.Thread(target=apart.apart, args=(time.sleep, 1)) for _ in range(2)]
    for each in waiting:
        each.start()
    while apart.WAITERS._value:  # both have their turn
        time.sleep(0.01)
    with pytest.raises(TooMany):
        apart.apart(judge, hostile_files.pdf())
    for each in waiting:
        each.join()
