# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fix of several requests, without any cluster: what a run does, says, and leaves to the next one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.stepping import Carried, Next, Step, Stepper, Wait
from tests.unit.fixes.cluster import Hands

World = list[str]


class Story:
    """A world that is right once it has "copy" and "gone" in it. ``errors`` are what the next sends end with."""

    def __init__(self, *errors: str, effect: bool = False) -> None:
        self.world: World = []
        self.errors = list(errors)
        self.effect = effect
        """Whether what ends with an error has taken effect all the same."""
        self.sent: list[str] = []
        self.looks: list[str] = []
        self.hands = Hands()

    def judge(self, now: World) -> Next:
        for step in ("copy", "gone"):
            if step not in now:
                return Step(step, self.sending(step))
        return None

    def sending(self, step: str) -> Callable[[], None]:
        def send() -> None:
            self.sent.append(step)
            error = self.errors.pop(0) if self.errors else ""
            if not error or self.effect:
                self.world.append(step)
            if error:
                raise ProbeError(error, f"{step} ended so")

        return send

    def look(self) -> World:
        if self.looks:
            error = self.looks.pop(0)
            if error:
                raise ProbeError(error, "nobody looks")
        return list(self.world)

    def run(self, judge: Callable[[World], Next] | None = None) -> Carried[World]:
        return Stepper("mend it", self.look, judge or self.judge, 10, self.hands).run()


def test_it_goes_on_from_whatever_is_there() -> None:
    story = Story()
    story.world = ["copy"]
    carried = story.run()
    assert (carried.before, carried.after, carried.done) == (["copy"], ["copy", "gone"], ["gone"])
    assert story.run().done == []


@pytest.mark.parametrize("error", ["timeout", "reset", "server_error", "bad_answer"])
@pytest.mark.parametrize("effect", [True, False])
def test_an_answer_that_is_none_is_looked_after(error: str, effect: bool) -> None:
    story = Story(error, effect=effect)
    assert story.run().done == ["copy", "gone"]
    assert story.world == ["copy", "gone"]
    assert len(story.sent) == (2 if effect else 3)


def test_a_conflict_is_judged_anew_and_counts_for_nothing() -> None:
    story = Story("conflict")
    assert story.run().done == ["copy", "gone"]
    assert story.sent == ["copy", "copy", "gone"]


def test_what_is_declined_at_once_changes_nothing() -> None:
    with pytest.raises(ProbeError, match="copy ended so"):
        Story("forbidden").run()


def test_what_is_declined_later_says_what_was_done() -> None:
    with pytest.raises(FixFailed, match="gone: gone ended so") as failure:
        Story("", "forbidden").run()
    assert (failure.value.changed, failure.value.unknown) == (True, False)
    assert failure.value.result == {"kind": "forbidden", "report": ["copy"]}


@pytest.mark.parametrize("second", ["forbidden", "fenced"])
def test_what_is_declined_after_a_lost_request_may_still_have_happened(second: str) -> None:
    with pytest.raises(FixFailed, match="the answer to a first request was lost") as failure:
        Story("timeout", second).run()
    assert (failure.value.changed, failure.value.unknown) == (False, True)


def test_a_refusal_after_a_change_keeps_that_it_was_made() -> None:
    def refuse(now: World) -> Next:
        if now:
            raise FixFailed("mend it", "it is another now", "Look")
        return story.judge(now)

    story = Story()
    with pytest.raises(FixFailed, match="it is another now") as failure:
        story.run(refuse)
    assert failure.value.as_result()["changed"]
    assert failure.value.result["report"] == ["copy"]


def test_a_server_that_comes_back_in_time_is_waited_for() -> None:
    story = Story()
    story.looks = ["", "refused", "server_error"]
    assert story.run().done == ["copy", "gone"]
    assert story.hands.now == 1.0


def test_a_server_that_stays_away_is_no_success() -> None:
    story = Story("timeout")
    story.looks = ["", *["refused"] * 40]
    with pytest.raises(FixFailed, match=r"the last request got no good answer \(copy ended so\)") as failure:
        story.run()
    assert failure.value.unknown
    assert "nothing is done twice" in failure.value.next_step


def test_what_does_not_come_in_time_is_said() -> None:
    with pytest.raises(FixFailed, match="not done after 10 s: the moon is not full") as failure:
        Story().run(lambda _now: Wait("the moon is not full", "Look up"))
    assert (failure.value.changed, failure.value.next_step) == (False, "Look up")


def test_what_others_undo_all_the_time_is_given_up_on() -> None:
    story = Story()
    with pytest.raises(FixFailed, match="after 12 requests it is still not as it has to be"):
        story.run(lambda _now: Step("copy", story.sending("copy")))
    assert len(story.sent) == 12


def test_what_is_gone_already_was_done_by_somebody_else() -> None:
    story = Story()

    def judge(now: World) -> Next:
        return None if len(story.sent) else Step("gone", story.sending("gone"), gone_is_done=True)

    story.errors = ["not_found"]
    assert story.run(judge).done == []
