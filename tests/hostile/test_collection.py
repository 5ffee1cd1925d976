# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""300 hostile alerts through one sweep, and on: to those who are called, to those who approve, into the metrics.

No text is executed or templated, no file appears outside the run's own folders, and what is planted as a secret is
nowhere: not in the ledger's bytes, the cases, what was printed, sent, or written for Prometheus.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.template import trust_as_template
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.alert import parse_alerts
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.courier import Courier, Sent
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.metrics_settings import Metrics
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import approval_id
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Call
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import InputError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.loader import load
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import decisions
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch import metrics
from tests.hostile.aftermath import TARGETS, besieged, everything
from tests.hostile.collection import PLACES, collect
from tests.hostile.corpus import FILES, Sample, samples
from tests.hostile.planted import PLANTED, found_in
from tests.hostile.test_hostile_alerts import assert_can_be_shown, assert_harmless
from tests.support.estate import RUNBOOKS, Estate
from tests.unit.engine.sweeping import Engine, Swept
from tests.unit.escalation.desk import Desk

FAMILIES = (*FILES, "secrets", "shape")


@dataclasses.dataclass
class Aftermath:
    """What two sweeps over all of it left behind; ``printed`` is all that was said."""

    estate: Estate
    engine: Engine
    swept: Swept
    desk: Desk
    sent: Sent
    printed: str
    exposed: Path

    @property
    def ledger(self) -> Any:
        return self.estate.ledger

    def received(self) -> list[Any]:
        """All that arrived at those who are called, as they got it."""
        desk = self.desk
        return [one for each in (desk.pager, desk.chat, desk.hook, desk.mail) for one in each.arrivals.all]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """One sweep over everything, an hour, another sweep; then the calls go out and the metrics are written."""
    folder = tmp_path_factory.mktemp("besieged")
    desks = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch, besieged(folder) as estate, Desk(desks) as desk:
        patch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder / "run"))
        engine = Engine(estate)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            swept = engine.sweep()
            ledger = estate.ledger
            ledger.escalate_many([call_of(case) for case in ledger.cases(limit=10_000)], ledger.now())
            estate.later(3600)
            estate.alertmanager.alerts = [one for one in estate.alertmanager.alerts if not_of(one, "other")]
            engine.sweep()
        owners = {one.to for one in ledger.undelivered(ledger.now())} | {"platform"}
        levels = [{"to": ["pager", "chat", "hook", "mail"]}]
        policy = desk.policy(levels)
        policy = dataclasses.replace(policy, owners=dict.fromkeys(owners, policy.owners["platform"]))
        sent = Courier(ledger, policy, seconds=60.0).run(ledger.now())
        exposed = folder / "exposed" / "remedy.prom"
        exposed.parent.mkdir()
        watched: Any = types.SimpleNamespace(
            metrics=Metrics(textfile=str(exposed)),
            sources=[types.SimpleNamespace(name=source["name"]) for source in estate.settings["remedy_sources"]],
        )
        assert metrics.write(ledger, watched, ledger.now()) == ""
        yield Aftermath(estate, engine, swept, desk, sent, printed.getvalue(), exposed)


def call_of(case: Json) -> Call:
    """A call about an incident, whether it would be called about or not, that says all that its alert has said."""
    told = case["alert"] or {}
    why = " ".join([*(told.get("labels") or {}).values(), *(told.get("annotations") or {}).values()])
    return Call(case["id"], 1, "platform", f"{why[:900]} {case['headline']}")


def not_of(alert: Any, target: str) -> bool:
    """Whether it is not an alert of this target: what was mended fires no longer."""
    return not (isinstance(alert, dict) and (alert.get("labels") or {}).get("cluster") == target)


def test_the_collection_holds_three_hundred_alerts_of_every_family_in_every_place(tmp_path: Path) -> None:
    alerts = collect(tmp_path / "canary")
    assert len({one.id for one in alerts}) == len(alerts) == 300
    assert [one.id for one in alerts] == [one.id for one in collect(tmp_path / "another")]
    assert {one.id.split(":")[0] for one in alerts} == set(FAMILIES)
    assert {one.id.rpartition(", as ")[2] for one in alerts if ", as " in one.id} == set(PLACES)


def test_each_alert_is_taken_or_rejected_with_its_reason(tmp_path: Path) -> None:
    """One by one: what is wrong with one is no reason to lose another."""
    payload = [one.alert() for one in collect(tmp_path / "canary")]
    taken, rejected = parse_alerts("stand-in", payload)
    assert len(taken) + len(rejected) == 300
    assert len(taken) > 200
    assert all(one.reason and one.excerpt for one in rejected)


def test_what_an_alert_gives_a_runbook_is_its_label_to_the_letter_or_refused(tmp_path: Path) -> None:
    books = [load(RUNBOOKS / "job_down.yml"), load(RUNBOOKS.parents[2] / "playbooks" / "target_down.yml")]
    taken, _rejected = parse_alerts("stand-in", [one.alert() for one in collect(tmp_path / "canary")])
    bound = 0
    for alert in taken:
        for book in books:
            with contextlib.suppress(InputError):
                for name, value in bind_inputs(book, alert.labels).items():
                    assert value in (alert.labels.get(book.inputs[name].label), book.inputs[name].default)
                    bound += 1
    assert bound > 400


def test_the_one_incident_that_is_real_is_mended_and_nothing_else_is_touched(aftermath: Aftermath) -> None:
    assert aftermath.estate.case("other")["outcome"] == "healed"
    assert {target for target, _remedy in aftermath.engine.remedies} == {"other"}
    assert [aftermath.estate[target].writes() for target in TARGETS if target != "other"] == [[], [], []]


def test_nothing_is_executed_and_nothing_is_rendered(aftermath: Aftermath) -> None:
    folder = aftermath.estate.folder
    assert not (folder / "canary").exists()
    cases = aftermath.ledger.cases(limit=10_000)
    hostile = [one for one in cases if "7 * 7" in json.dumps(one)]
    assert hostile
    assert not re.search(r"\b49\b", "".join(json.dumps([one["inputs"], one["headline"]]) for one in hostile))
    named = {one["target"] for one in cases}
    assert named == {*TARGETS, ""}


def test_no_file_is_written_beside_the_runs_own(aftermath: Aftermath) -> None:
    folder = aftermath.estate.folder
    own = {"state", "cases", "run", "runbooks", "identities", "inventory.yml", "exposed", ".ansible"}
    assert {path.name for path in folder.iterdir()} <= own
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+\.html", page.name) for page in (folder / "cases").iterdir())


def test_pages_run_nothing_and_terminals_obey_nothing(aftermath: Aftermath) -> None:
    pages = aftermath.estate.pages()
    assert len(pages) > 100
    for page in pages:
        assert_harmless(page.read_text(encoding="utf-8"))
    assert len(aftermath.printed) > 10_000
    assert_can_be_shown(aftermath.printed)


def test_secrets_in_alerts_answers_and_errors_are_nowhere(aftermath: Aftermath) -> None:
    folder = aftermath.estate.folder
    received = [json.dumps(one, ensure_ascii=False) for one in aftermath.received()]
    places = [folder / "state", folder / "cases", folder / "exposed", folder / "run", aftermath.desk.folder]
    found = found_in(places, [aftermath.printed, *received])
    assert found == [], "\n".join(found)


def test_the_secrets_were_really_there(aftermath: Aftermath) -> None:
    """The alerts that hold them were taken and have their cases, and so have those whose evidence holds them."""
    samples = {one["alert"]["labels"].get("sample") for one in aftermath.ledger.cases(limit=10_000) if one["alert"]}
    planted = {one.id for one in everything(aftermath.estate) if one.id.startswith("secrets:")}
    assert len(planted) == len(PLANTED)
    assert len(samples & planted) > len(planted) / 2
    assert "(redacted)" in json.dumps(aftermath.ledger.cases(target="crashing"))
    refused = json.dumps(aftermath.ledger.cases(target="refusing"))
    assert "403 forbidden" in refused
    assert "500 internal server error" in refused


def test_those_who_are_called_get_text_and_nothing_that_acts(aftermath: Aftermath) -> None:
    """The stand-ins refuse what is not of the vendors' formats; here is what would be well-formed and harmful."""
    desk = aftermath.desk
    assert (aftermath.sent.failed, aftermath.sent.nowhere) == ((), ())
    assert aftermath.sent.sent > 500
    assert [one for one in aftermath.received() if not one["accepted"]] == []
    assert "&lt;!channel&gt;" in json.dumps([one["message"] for one in desk.chat.arrivals.all])
    assert [one for one in desk.chat.arrivals.all if one["notifies"] or one["links"]] == []
    for mail in desk.mail.arrivals.all:
        assert mail["to"] == ["platform@example.org", "second@example.org"]
        assert not {"bcc", "cc"} & {name.lower() for name in mail["headers"]}
        assert_can_be_shown(mail["headers"]["Subject"])
    assert {one["event"]["event_action"] for one in desk.pager.arrivals.all} == {"trigger"}
    assert {one["event"]["dedup_key"].split("/")[0] for one in desk.pager.arrivals.all} == {"oncall-remedy"}


def test_the_metrics_are_metrics_and_name_nothing_that_an_alert_has_made_up(aftermath: Aftermath) -> None:
    families = list(text_string_to_metric_families(aftermath.exposed.read_text(encoding="utf-8")))
    assert len(families) > 10
    values = {value for family in families for one in family.samples for value in one.labels.values()}
    labels = [label for one in everything(aftermath.estate) for label in one.alert().get("labels", {}).values()]
    texts = {label for label in labels if isinstance(label, str)}
    assert values & texts <= {"", "+Inf", "hetzner", "healed", "traefik_down"}


def approvals_of(aftermath: Aftermath) -> list[Approval]:
    """A plan for each hostile incident, as if its runbook had one: the alert's texts are arguments and explanation."""
    ledger = aftermath.ledger
    made = []
    for case in ledger.cases(limit=10_000):
        text = json.dumps(case["inputs"]) + case["alertname"]
        digest = hashlib.sha256(case["id"].encode()).hexdigest()
        plan = {
            "mitigation": "restart",
            "touches": text,
            "risk": "low",
            "action": "restart",
            "arguments": case["inputs"],
        }
        made.append(
            Approval(
                approval_id(case["id"], digest, digest), "approval", case["id"], case["target"], "restart", "found",
                text, plan, digest, digest, "waiting", ledger.now(), ledger.now() + 3600.0,
            )
        )  # fmt: skip
    return made


def test_a_plan_that_waits_is_shown_as_text_and_answered_by_its_own_name_alone(aftermath: Aftermath) -> None:
    ledger, engine = aftermath.ledger, aftermath.engine
    asked = ledger.ask(approvals_of(aftermath), ledger.now())
    assert len(asked) > 100
    for one in asked:
        assert_can_be_shown(decisions.plan(one, ledger.case(one.episode), ledger.now()))
    assert_can_be_shown(decisions.waiting(asked, ledger.now()))
    texts = [sample.text(aftermath.estate.folder / "canary") for sample in said()]
    for text, one in zip(texts, asked, strict=False):
        assert answered(engine, plan=text) in ("refused", "shown"), text[:80]
        given = {"plan": one.id, "decision": "approve", "who": text, "why": text}
        if answered(engine, **given) == "answered":
            after = ledger.find_approval(one.id)
            assert (after.state, after.decided_why) == ("approved", storable_text(text.strip()))
    decided = {one.id for one in ledger.approvals(("approved", "rejected"))}
    assert len(decided) > 40
    assert decided <= {one.id for one in asked}
    assert not (aftermath.estate.folder / "canary").exists()
    assert found_in([aftermath.estate.folder / "state"]) == []


def said() -> list[Sample]:
    """Texts as somebody could pass them on from an alert to the playbook that approves."""
    return [one for file in ("templates", "names") for one in samples(file)]


def answered(engine: Engine, **extra: str) -> str:
    """What becomes of an answer with these extra variables, as Ansible would take them."""
    engine.extra = {name: trust_as_template(text) for name, text in extra.items()}
    try:
        result = engine.act("approve", {})
    except AnsibleActionFail:
        return "refused"
    finally:
        engine.extra = {}
    return "answered" if result["changed"] else "shown"
