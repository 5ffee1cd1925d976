# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every guard: when it passes, when it holds, when it cannot tell, and what it says."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS, GateInput, verdicts
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import ModeError, mode_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.patience import patience_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import Cohort, Storm
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Standing
from tests.unit.gate.views import (
    DIAGNOSIS,
    NOW,
    answer,
    approval,
    evidence,
    healed,
    lease,
    mitigation,
    on_rack,
    pause,
    plan,
    rack,
    relapse,
    standing,
    view,
)

CUT_OFF = dataclasses.replace(DIAGNOSIS, used=("edge", "never_asked"))

WINDOW = {"from": "2026-11-21 19:00", "until": "2026-11-21 21:30", "why": "new switches"}
"""In Unix time this is from NOW - 1 h to NOW + 1.5 h."""


def of(disturbs: Any, among: Any, radius: Any = "50%") -> GateInput:
    """A plan that disturbs so many healthy members of so many."""
    return view(plan=plan(disturbs=disturbs, among=among), blast_radius=radius)


def cohort(under_way: Any, limit: Any, *failed: str, **more: Any) -> GateInput:
    """Members of a group that are being mended, how many may be, and those that it did not help."""
    return view(cohort=Cohort("group edges", under_way, limit, failed), **more)


def storm(**more: Any) -> GateInput:
    """Ordinary weather, but for what is given."""
    return view(storm=Storm(**{"on": False, "unrelated": 2, "begins": 10, "ends": 5, **more}))


def used(*hours_ago: float) -> Standing:
    """The remedy healed earlier incidents so many hours ago."""
    return standing(history=tuple(healed(hours) for hours in hours_ago))


def asking(**more: Any) -> GateInput:
    """Mode approve, with an approval that fits, but for what is given."""
    return view(mode="approve", approval=approval(**more))


def demoted(*held: float, **more: Any) -> GateInput:
    """A heal that did not hold a day ago, and approved heals since."""
    history = tuple(healed(hours, approval=f"a{hours}") for hours in held)
    return view(standing=standing(relapses=(relapse(24),), history=history), recurrence=MANY, **more)


def ends_easing(**more: Any) -> GateInput:
    """A plan that only ends the silence with which this incident was eased."""
    return view(undoes="p9", releases=True, **more)


MANY = {"times": 100, "within": "24h"}


PASSES: list[tuple[str, GateInput, str]] = [
    ("kill switch", view(), "not pulled"),
    ("mode", view(mode={"low": "observe", "medium": "act", "high": "propose"}), "act, for medium risk on hetzner"),
    ("runbook", view(), "not a draft"),
    ("still firing", view(), "lists it as active"),
    ("still firing", view(alert_state="silenced"), "lists it as active"),
    ("still firing", view(alert_state="not_needed"), "an operator's run"),
    ("not silenced", view(), "neither silenced nor inhibited"),
    ("not silenced", view(alert_state="not_needed"), "an operator's run"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own",), own_silences=frozenset({"own"})),
        "only by a silence of the engine itself",
    ),
    ("evidence", view(), "2 answered, 1 not asked, the oldest 10 s old"),
    ("evidence", view(evidence=evidence(edge=answer("edge", asked_at=NOW - 120))), "the oldest 2 min old"),
    ("lease", view(), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease(released_at=NOW - 1))), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease(owner="s0", expires_at=NOW))), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease())), "held by this sweep"),
    ("nothing unfinished", view(standing=standing(unfinished=(mitigation(state="issued"),))), "has an outcome"),
    ("cooldown", view(), "not done to hetzner within 30 min"),
    ("cooldown", view(standing=standing(history=(mitigation(),))), "last done 60 min ago, the cooldown is 30 min"),
    ("cooldown", view(standing=standing(history=(mitigation(remedy="another", ended_at=NOW),))), "not done"),
    (
        "cooldown",
        view(plan=plan(cooldown=0.0), standing=standing(history=(mitigation(ended_at=NOW),))),
        "last done 0 s ago",
    ),
    ("not tried", view(), "not done in this incident before"),
    ("not tried", view(standing=standing(history=(mitigation(), mitigation(episode="e1", remedy="x")))), "not done"),
    ("owner", view(), "nothing would put DaemonSet/traefik/traefik back"),
    ("mode", view(mode="approve", approval=approval()), "approve, for medium risk on hetzner: a human's yes is needed"),
    ("pause", view(), "nobody has asked for a pause"),
    ("pause", view(pauses=(pause(target="elsewhere"), pause(target="hetzner1"))), "nobody"),
    ("pause", view(pauses=(pause(ends_at=NOW),)), "nobody"),
    ("pause", view(pauses=(pause(lifted_at=NOW - 1),)), "nobody"),
    ("opt out", view(), "hetzner is not opted out"),
    ("maintenance", view(), "no window is open"),
    ("maintenance", view(maintenance={"hetzner": [{**WINDOW, "until": "2026-11-21 20:00"}]}), "no window is open"),
    ("maintenance", view(maintenance={"hetzner": [], "another": "unreadable"}), "no window is open"),
    ("maintenance", on_rack(), "no window is open"),
    ("patience", view(patience=600.0), "it fires for 10 min, wanted are 10 min"),
    ("patience", view(patience=0.0, firing_since=NOW), "it fires for 0 s, wanted are 0 s"),
    ("patience", view(patience=0.0, firing_since=NOW + 200), "it fires for 0 s"),
    ("patience", view(patience=600.0, firing_since=0.0, alert_state="not_needed"), "an operator's run"),
    ("still firing", ends_easing(alert_state="gone"), "it ends what eased the alert, and mends nothing"),
    ("not silenced", ends_easing(silenced_by=("own",)), "it ends what eased the alert, and mends nothing"),
    ("patience", ends_easing(firing_since=None), "it ends what eased the alert, and mends nothing"),
    ("evidence", ends_easing(evidence={}), "it rests on the ledger alone"),
    ("storm", view(), "1 unrelated targets are down at once; a storm is 10 or more, and over at 5"),
    ("storm", storm(unrelated=9), "9 unrelated targets"),
    ("storm", storm(unrelated=0), "0 unrelated targets"),
    ("cooldown", view(undoes="p9", standing=standing(history=(mitigation(ended_at=NOW - 1),))), "takes a change back"),
    ("not tried", view(undoes="p9", standing=standing(history=(mitigation(episode="e1"),))), "takes a change back"),
    ("recurrence", view(), "not done within 24 h; allowed are 3"),
    (
        "recurrence",
        view(standing=used(20, 2)),
        "healed 2 times within 24 h: 23:59:00, 17:59:00 (UTC); allowed are 3".replace("23:59", "2026-11-20 23:59"),
    ),
    ("recurrence", view(standing=used(25, 26, 27)), "not done within 24 h"),
    ("recurrence", view(standing=used(1, 2, 3), undoes="p9"), "takes a change back"),
    (
        "recurrence",
        view(standing=standing(history=tuple(healed(1, episode="e1") for _ in range(9)))),
        "not done within 24 h",
    ),
    (
        "recurrence",
        view(standing=standing(history=tuple(healed(1, remedy="another") for _ in range(9)))),
        "not done within 24 h",
    ),
    ("helps elsewhere", view(), "it has failed no other of its kind within 60 min"),
    ("helps elsewhere", cohort(0, 1, "hetzner"), "no other"),
    ("helps elsewhere", cohort(0, 1, "b", undoes="p9"), "takes a change back"),
    ("helps elsewhere", cohort(0, None, "b"), "did not help b within 60 min, which is not of its group or outage"),
    ("blast radius", view(), "it disturbs nothing that is healthy"),
    ("blast radius", of(0, 0), "nothing that is healthy"),
    ("blast radius", of(0, 3, 0), "nothing that is healthy"),
    ("blast radius", of(0, 3, "0%"), "nothing that is healthy"),
    ("blast radius", of(1, 3), "it disturbs 1 healthy of 3; allowed are 50%, which is 1"),
    ("blast radius", of(2, 4), "allowed are 50%, which is 2"),
    ("blast radius", of(29, 100, "29%"), "allowed are 29%, which is 29"),
    ("blast radius", of(3, 3, "100%"), "disturbs 3 healthy of 3"),
    ("blast radius", of(3, 3, 3), "allowed are 3"),
    ("blast radius", of(9, 300, "9"), "allowed are 9"),
    ("blast radius", of(1, 3, "33.34 %"), "allowed are 33.34%, which is 1"),
    ("at once", view(), "it is in no group"),
    ("at once", cohort(0, 1), "0 of group edges are being mended, at once may be 1"),
    ("at once", cohort(2, 3), "2 of group edges are being mended, at once may be 3"),
    ("lease", on_rack(), "hetzner is free and so is what it stands on (1)"),
    ("lease", on_rack(beneath=rack(lease=lease(target="rack"))), "held by this sweep"),
    ("lease", on_rack(beneath=rack(lease=lease(target="rack", owner="s2", released_at=NOW - 1))), "is free"),
    ("nothing unfinished", on_rack(beneath=rack(unfinished=(mitigation(state="issued"),))), "has an outcome"),
    ("approval", view(), "mode act needs none, and its heals have held"),
    ("approval", view(mode="propose"), "mode propose needs none"),
    ("approval", view(mode={"medium": "act", "high": "approve"}), "mode act needs none"),
    ("approval", asking(), "1a2b3c4d was approved by ana: looks right"),
    ("approval", view(approval=approval(state="rejected", plan_hash="another")), "mode act needs none"),
    ("approval", view(approval=approval(state="used")), "mode act needs none"),
    ("approval", view(mode="approve", undoes="p9"), "takes back what was permitted"),
    ("approval", demoted(trusted_since=NOW - 3600), "its heals have held"),
    ("approval", demoted(23, 10, 1), "its heals have held"),
    ("approval", demoted(approval=approval()), "1a2b3c4d was approved by ana"),
    ("approval", demoted(undoes="p9"), "takes back"),
    (
        "approval",
        view(standing=standing(relapses=(relapse(1, remedy="another"),))),
        "its heals have held",
    ),
]

HOLDS: list[tuple[str, GateInput, str]] = [
    ("kill switch", view(kill_switch="present"), "nothing acts"),
    ("kill switch", view(kill_switch="unreadable"), "cannot be told"),
    ("kill switch", view(kill_switch="?"), "cannot be told"),
    ("mode", view(mode="propose"), "as set, the change is shown to a human and not made"),
    ("mode", view(mode="observe"), "as set, this is only watched"),
    ("mode", view(mode={"medium": "propose"}), "propose, for medium risk"),
    ("mode", view(mode=None), "remedy_mode is not set; allowed is one of observe, propose, approve, act"),
    ("mode", view(mode="Act"), "remedy_mode is 'Act'; allowed is one of observe, propose, approve, act"),
    ("mode", view(mode=True), "remedy_mode is True; allowed"),
    ("mode", view(mode={"low": "act"}), "says nothing of 'medium' risk"),
    ("mode", view(mode={"medium": "act", "hihg": "propose"}), "has the key 'hihg'"),
    ("mode", view(mode={"medium": "act", "high": "maybe"}), "remedy_mode.high is 'maybe'"),
    ("mode", view(mode={}), "says nothing of 'medium' risk"),
    ("mode", view(mode=["act"]), "allowed is one of"),
    ("mode", view(plan=plan(risk="tiny"), mode={"low": "act"}), "says nothing of 'tiny' risk"),
    ("runbook", view(draft=True), "shown to a human and not carried out"),
    ("runbook", view(draft=None), "a draft"),
    ("still firing", view(alert_state="resolved"), "it has resolved meanwhile"),
    ("still firing", view(alert_state="gone"), "resolved, or forgotten in a restart"),
    ("still firing", view(alert_state="unknown"), "does not answer"),
    ("still firing", view(alert_state="?"), "cannot be told"),
    ("not silenced", view(alert_state="silenced", silenced_by=("a1",)), "silenced by a1"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own", "a1", "a2"), own_silences=frozenset({"own"})),
        "silenced by a1 and 1 more",
    ),
    ("not silenced", view(alert_state="silenced"), "cannot be told by whom"),
    ("not silenced", view(alert_state="inhibited", inhibited_by=("f1",)), "another alert explains this one"),
    ("not silenced", view(alert_state="inhibited"), "another alert explains this one"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own",), own_silences=frozenset({"own"}), inhibited_by=("f1",)),
        "inhibited by f1",
    ),
    ("not silenced", view(alert_state="gone"), "cannot be told"),
    ("not silenced", view(alert_state="unknown"), "cannot be told"),
    ("evidence", view(evidence=evidence(pods=answer("pods", state="failed", reason="403"))), "pods failed: 403"),
    ("evidence", view(evidence=evidence(pods=answer("pods", state="?"))), "pods failed"),
    (
        "evidence",
        view(evidence=evidence(pods=answer("pods", asked_at=NOW - 121))),
        "pods is 2 min old, allowed are 2 min",
    ),
    ("evidence", view(evidence=evidence(pods=answer("pods", asked_at=NOW + 400))), "a clock is wrong"),
    ("evidence", view(evidence=evidence(pods=answer("pods", asked_at=math.nan))), "pods is nan"),
    ("evidence", view(diagnosis=CUT_OFF), "never_asked is missing"),
    ("evidence", view(evidence={}), "no answer at all; edge is missing; pods is missing; and 1 more"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, used=())), "rests on no answer at all"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, used=("crash",))), "rests on no answer at all"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, chosen="")), "no finding holds"),
    (
        "evidence",
        view(diagnosis=dataclasses.replace(DIAGNOSIS, undecided=("port_conflict",))),
        "undecided: port_conflict",
    ),
    ("lease", view(standing=None), "cannot be told"),
    ("lease", view(standing=standing(lease=lease(episode="e2"))), "held for episode e2, for at most 60 s more"),
    ("lease", view(standing=standing(lease=lease(owner="s2"))), "is held"),
    ("lease", view(standing=standing(lease=lease(owner="s2", expires_at=NOW + 1e6))), "a clock is wrong"),
    ("nothing unfinished", view(standing=None), "cannot be told"),
    (
        "nothing unfinished",
        view(standing=standing(unfinished=(mitigation(state="begun", began_at=NOW - 600, ended_at=None),))),
        "was begun, 10 min ago and has no outcome",
    ),
    ("cooldown", view(standing=None), "cannot be told"),
    ("cooldown", view(standing=standing(since=NOW - 60)), "the history that was read is shorter than 30 min"),
    ("cooldown", view(plan=plan(cooldown=math.nan)), "is no duration"),
    ("cooldown", view(plan=plan(cooldown=-1.0)), "is no duration"),
    (
        "cooldown",
        view(standing=standing(history=(mitigation(ended_at=NOW - 1799.0),))),
        "done 30 min ago; not again for another 1 s",
    ),
    ("cooldown", view(standing=standing(history=(mitigation(ended_at=None, began_at=NOW - 60),))), "not again for"),
    ("cooldown", view(standing=standing(history=(mitigation(ended_at=NOW + 60),))), "a clock was set back"),
    (
        "cooldown",
        view(standing=standing(history=(mitigation(ended_at=NOW - 60), mitigation(permit="p0")))),
        "done 60 s ago",
    ),
    ("not tried", view(standing=None), "cannot be told"),
    ("not tried", view(standing=None, undoes="p9"), "cannot be told"),
    ("cooldown", view(standing=None, undoes="p9"), "cannot be told"),
    (
        "not tried",
        view(standing=standing(history=(mitigation(episode="e1", began_at=NOW - 7200),))),
        "done in this incident 2 h ago (done), and it is still there",
    ),
    ("not tried", view(standing=standing(history=(mitigation(episode="e1", outcome=""),))), "no outcome"),
    ("owner", view(plan=plan(owner="Helm release traefik")), "belongs to Helm release traefik"),
    ("owner", view(plan=plan(owner=None)), "cannot be told who owns"),
    ("pause", view(pauses=None), "it cannot be told whether somebody asked for a pause"),
    ("pause", view(pauses=(pause(),)), "hetzner is paused by ana until 22:00:00 UTC (in 2 h): new switches"),
    ("pause", view(pauses=(pause(target="", reason="audit"),)), "everything is paused by ana"),
    ("pause", on_rack(pauses=(pause(target="rack"),)), "rack is paused by ana"),
    (
        "pause",
        view(pauses=(pause(), pause(ends_at=NOW + 86400, owner="bo"))),
        "paused by bo until 2026-11-22 20:00:00 UTC (in 24 h): new switches; and 1 more",
    ),
    ("pause", view(pauses=(pause(reason="a\nb" * 500),)), "a ba b"),
    ("pause", view(pauses=(pause(ends_at=None),)), "it cannot be told"),
    ("opt out", view(opt_out="by hand only"), "hetzner is opted out in the inventory: by hand only"),
    ("opt out", view(opt_out=None), "cannot be told"),
    ("opt out", view(opt_out=False), "cannot be told"),
    (
        "maintenance",
        view(maintenance={"hetzner": [WINDOW]}),
        "hetzner is in maintenance until 21:30:00 UTC (in 1.5 h): new switches",
    ),
    (
        "maintenance",
        on_rack(maintenance={"hetzner": [WINDOW], "rack": [{**WINDOW, "until": "2026-11-22 01:00", "why": "power"}]}),
        "rack is in maintenance until 2026-11-22 01:00:00 UTC (in 5 h): power",
    ),
    ("maintenance", view(maintenance=None), "cannot be told"),
    ("maintenance", view(maintenance={}), "it cannot be told: remedy_maintenance of hetzner cannot be read"),
    ("maintenance", on_rack(maintenance={"hetzner": []}), "remedy_maintenance of rack cannot be read"),
    ("maintenance", view(maintenance={"hetzner": "tonight"}), "of hetzner: expected a list of windows, found str"),
    (
        "maintenance",
        on_rack(maintenance={"hetzner": [WINDOW], "rack": [{}, WINDOW, {"from": "x"}]}),
        "it cannot be told: remedy_maintenance[0] of rack: from is missing; a window is from and until, or rule and "
        "lasts; and 1 more",
    ),
    ("patience", view(patience=601.0), "it fires for 10 min, wanted are 10 min"),
    ("patience", view(patience=120.0, firing_since=NOW - 40), "it fires for 40 s, wanted are 2 min"),
    ("patience", view(patience=None), "remedy_patience cannot be read"),
    ("patience", view(patience=math.nan), "remedy_patience cannot be read"),
    ("patience", view(patience=-1.0), "remedy_patience cannot be read"),
    ("patience", view(patience=True), "remedy_patience cannot be read"),
    ("patience", view(firing_since=None), "cannot be told since when"),
    ("patience", view(firing_since=None, alert_state="not_needed"), "cannot be told since when"),
    ("patience", view(firing_since=math.nan), "cannot be told since when"),
    ("patience", view(firing_since=-62135596800.0), "cannot be told since when"),
    ("patience", view(firing_since=0.0), "it bears no date"),
    ("patience", view(firing_since=NOW + 400), "dated 7 min into the future: a clock is wrong"),
    ("storm", view(storm=None), "cannot be told how much fails at once"),
    (
        "storm",
        storm(on=True, unrelated=7, since=NOW - 3600),
        "a storm since 19:00:00 UTC: 7 unrelated targets are down at once; a storm is 10 or more, and over at 5",
    ),
    ("storm", storm(unrelated=10), "a storm: 10 unrelated targets"),
    ("storm", storm(on="yes"), "cannot be told"),
    ("storm", storm(unrelated=True), "cannot be told"),
    ("storm", storm(unrelated=-1), "cannot be told"),
    ("storm", storm(begins=None), "cannot be told"),
    ("storm", storm(monitor="60 of 100 targets do not answer"), "the monitor itself is in doubt: 60 of 100 targets"),
    ("storm", storm(monitor_unknown="timed out"), "cannot be told whether the monitor itself is at fault: timed out"),
    (
        "recurrence",
        view(standing=used(11, 3, 1)),
        "healed 3 times within 24 h: 08:59:00, 16:59:00, 18:59:00 (UTC); allowed are 3: why does it come back?",
    ),
    (
        "recurrence",
        view(standing=standing(history=(*used(1, 2).history, healed(3, verified="not_healed")))),
        "done (2 of them healed) 3 times within 24 h",
    ),
    ("recurrence", view(standing=used(1, 2, 3, 4, 5, 6, 7)), "2 earlier, "),
    ("recurrence", view(standing=used(-1, -2, -3)), "healed 3 times"),
    ("recurrence", view(recurrence={"times": 0, "within": "24h"}), "not done within 24 h; allowed are 0"),
    ("recurrence", view(recurrence=None), "remedy_recurrence is not usable"),
    ("recurrence", view(recurrence={"times": True, "within": "1h"}), "'True' is not a number of times from 0"),
    ("recurrence", view(recurrence={"times": -1, "within": "1h"}), "'-1' is not a number of times"),
    ("recurrence", view(recurrence={"times": "3", "within": "1h"}), "is not a number of times"),
    ("recurrence", view(recurrence={"times": 3, "within": "soon"}), "'soon' is not a duration"),
    ("recurrence", view(recurrence={"times": 3, "within": 0}), "within has to be longer than 0"),
    ("recurrence", view(recurrence={"times": 3}), "is not {times: 3, within: 24h}"),
    ("recurrence", view(standing=None), "the ledger cannot be read"),
    ("recurrence", view(standing=standing(since=NOW - 3600)), "the history that was read is shorter than 24 h"),
    (
        "helps elsewhere",
        cohort(0, 1, "d", "b", "hetzner", "c", "e"),
        "it did not help b, c, d and 1 more within 60 min: no more of group edges until it is known why",
    ),
    ("helps elsewhere", view(cohort=None), "cannot be told"),
    ("blast radius", of(2, 3), "it would disturb 2 healthy of 3; allowed are 50%, which is 1"),
    ("blast radius", of(1, 3, "25%"), "it would disturb 1 healthy of 3; allowed are 25%, which is 0"),
    ("blast radius", of(1, 100, 0), "allowed are 0"),
    ("blast radius", of(1, 100, "0%"), "allowed are 0%, which is 0"),
    ("blast radius", of(10, 300, "9"), "allowed are 9"),
    ("blast radius", of(4, 3, "100%"), "it would disturb 4 of 3, which cannot be"),
    ("blast radius", of(None, 3), "cannot be told how many healthy members restart disturbs"),
    ("blast radius", of(1, None), "cannot be told how many"),
    ("blast radius", of(True, 3), "cannot be told how many"),
    ("blast radius", of(-1, 3), "cannot be told how many"),
    ("blast radius", of(0.0, 3), "cannot be told how many"),
    ("blast radius", of("0", 3), "cannot be told how many"),
    ("blast radius", of(0, 3, None), "remedy_blast_radius is not usable"),
    ("blast radius", of(0, 3, True), "remedy_blast_radius is not usable, 'True' is neither"),
    ("blast radius", of(0, 3, 0.5), "'0.5' is neither a whole number from 0 nor a share"),
    ("blast radius", of(0, 3, -1), "'-1' is neither"),
    ("blast radius", of(0, 3, "-9%"), "'-9%' is neither"),
    ("blast radius", of(0, 3, "109%"), "'109%' is neither"),
    ("blast radius", of(0, 3, "half"), "'half' is neither"),
    ("at once", view(cohort=None), "cannot be told how many of its kind"),
    ("at once", cohort(1, 1), "1 of group edges are being mended, at once may be 1"),
    ("at once", cohort(9, 3), "9 of group edges are being mended, at once may be 3"),
    ("at once", cohort(0, 0), "none of group edges may be mended"),
    ("at once", cohort(-1, 1), "cannot be told"),
    ("at once", cohort(True, 2), "cannot be told"),
    ("at once", cohort(0, True), "cannot be told"),
    ("at once", cohort(0, -1), "cannot be told"),
    ("lease", on_rack(beneath=None), "cannot be told who holds rack"),
    ("lease", on_rack(beneath={}), "cannot be told who holds rack"),
    (
        "lease",
        on_rack(beneath=rack(lease=lease(target="rack", episode="e2", owner="s2"))),
        "rack is held for episode e2, for at most 60 s more (hetzner stands on rack)",
    ),
    ("lease", on_rack(standing=standing(lease=lease()), beneath=rack(lease=lease(owner="s2"))), "rack is held"),
    ("nothing unfinished", on_rack(beneath={}), "cannot be told what was begun on rack"),
    (
        "nothing unfinished",
        on_rack(beneath=rack(unfinished=(mitigation(target="guest", state="begun", began_at=NOW - 600),))),
        "was begun on guest, 10 min ago and has no outcome (hetzner stands on rack)",
    ),
    ("approval", view(mode="approve"), "mode approve for medium risk; nobody was asked yet"),
    ("approval", asking(kind="proposal", state="proposed"), "nobody was asked yet"),
    ("approval", asking(state="waiting"), "1a2b3c4d waits for an answer until 20:30:00 UTC (in 30 min)"),
    ("approval", asking(state="rejected", decided_why="no"), "1a2b3c4d was rejected by ana: no"),
    ("approval", view(approval=approval(state="rejected")), "1a2b3c4d was rejected by ana"),
    ("approval", view(mode="propose", approval=approval(state="rejected")), "was rejected"),
    ("approval", asking(state="rejected", evidence_hash="x"), "was about another decision, so it is asked anew"),
    ("approval", asking(plan_hash="another"), "was about another decision, so it is asked anew"),
    ("approval", asking(evidence_hash="another"), "was about another decision, so it is asked anew"),
    ("approval", asking(episode="e0"), "was about another decision"),
    ("approval", asking(target="other"), "was about another decision"),
    ("approval", asking(expires_at=NOW), "ran out 0 s ago, so it is asked anew"),
    ("approval", asking(expires_at=None), "cannot be told until when"),
    ("approval", asking(expires_at=math.nan), "cannot be told until when"),
    ("approval", asking(expires_at=math.inf), "cannot be told until when"),
    ("approval", asking(state="used"), "1a2b3c4d is used, so it is asked anew"),
    ("approval", asking(state="void"), "1a2b3c4d is void, so it is asked anew"),
    ("approval", asking(state="expired"), "1a2b3c4d is expired, so it is asked anew"),
    ("approval", view(approvals_readable=False), "the ledger cannot be read"),
    ("approval", view(standing=None), "the ledger cannot be read"),
    ("approval", view(mode="sometimes"), "remedy_mode cannot be understood"),
    ("approval", view(trusted_since=math.nan), "remedy_trusted_since or remedy_must_hold is no time"),
    ("approval", view(trusted_since=None), "is no time"),
    ("approval", view(trusted_since=NOW + 86400), "lies in the future, and nothing can be forgiven in advance"),
    ("approval", view(must_hold=-1.0), "is no time"),
    (
        "approval",
        demoted(),
        "needed although the mode is act: it healed 24.2 h ago and came back after 10 min; 0 of 3 approved heals",
    ),
    ("approval", demoted(23, 10), "2 of 3 approved heals have held since"),
    ("approval", demoted(23, 10, 0.5), "2 of 3 approved heals have held since"),
    ("approval", demoted(25, 10, 1), "2 of 3 approved heals have held since"),
    ("approval", demoted(trusted_since=NOW - 48 * 3600), "0 of 3 approved heals"),
]


def verdict(guard: str, seen: GateInput) -> tuple[bool, str]:
    """What the guard of this name says."""
    (found,) = [one for one in verdicts(seen) if one.guard == guard]
    return found.passes, found.reason


@pytest.mark.parametrize(("guard", "seen", "says"), PASSES, ids=[f"{guard}: {says}" for guard, _, says in PASSES])
def test_passes(guard: str, seen: GateInput, says: str) -> None:
    passes, reason = verdict(guard, seen)
    assert passes
    assert says in reason


@pytest.mark.parametrize(("guard", "seen", "says"), HOLDS, ids=[f"{guard}: {says}" for guard, _, says in HOLDS])
def test_holds(guard: str, seen: GateInput, says: str) -> None:
    passes, reason = verdict(guard, seen)
    assert not passes
    assert says in reason


def test_every_guard_is_in_both_tables() -> None:
    names = {one.guard for one in verdicts(view())}
    assert len(names) == len(GUARDS)
    assert names == {guard for guard, _, _ in PASSES} == {guard for guard, _, _ in HOLDS}


LET_GO = {
    *("pause", "maintenance", "still firing", "not silenced", "patience", "at once", "lease", "nothing unfinished"),
}
CALLS_SOMEBODY = ("cannot be told", "cannot be read", "a clock is wrong", "none of group", "bears no date")


@pytest.mark.parametrize(("guard", "seen", "says"), HOLDS, ids=[f"{guard}: {says}" for guard, _, says in HOLDS])
def test_a_hold_that_ends_by_itself_says_so_and_one_that_cannot_tell_does_not(
    guard: str, seen: GateInput, says: str
) -> None:
    (found,) = [one for one in verdicts(seen) if one.guard == guard]
    of_the_alert = guard in ("still firing", "not silenced")
    needs_somebody = any(words in found.reason for words in CALLS_SOMEBODY) and not of_the_alert
    assert found.lets_go is (guard in LET_GO and not needs_somebody)


@pytest.mark.parametrize(("guard", "seen", "says"), PASSES + HOLDS)
def test_a_reason_is_one_short_line(guard: str, seen: GateInput, says: str) -> None:
    for one in verdicts(seen):
        assert one.reason.isprintable()
        assert len(one.reason) < 350


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        (None, 30.0),
        ("", 30.0),
        (0, 0.0),
        ("2m", 120.0),
        ({"EdgeDown": "5m"}, 300.0),
        ({"Other": "5m"}, 30.0),
        ({}, 30.0),
        ({"EdgeDown": "5m", "Other": "soon"}, None),
        ("soon", None),
        (True, None),
        (-1, None),
        ({"EdgeDown": None}, None),
        ([], None),
    ],
)
def test_patience_is_the_inventorys_for_all_alerts_or_one_else_the_runbooks(setting: Any, found: float | None) -> None:
    assert patience_for(setting, "EdgeDown", 30.0) == found


@pytest.mark.parametrize(
    ("setting", "risk", "found"),
    [("act", "high", "act"), ({"low": "act", "high": "observe"}, "high", "observe"), ({"low": "act"}, "low", "act")],
)
def test_the_mode_is_one_word_or_one_for_each_risk(setting: object, risk: str, found: str) -> None:
    assert mode_of(setting, risk) == found


def test_an_absurd_mode_is_cut_short_in_the_reason() -> None:
    with pytest.raises(ModeError) as caught:
        mode_of("x" * 100_000, "low")
    assert len(str(caught.value)) < 300
