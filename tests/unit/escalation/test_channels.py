# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each channel against a stand-in that checks the vendor's format, on real sockets and under TLS."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Undelivered, deliver
from lab.standins import pagerduty, slack, smtp
from lab.standins.web import Reply
from tests.support.certs import Authority
from tests.unit.escalation.desk import PASSWORD, SECRETS, SLACK_PATH, TOKEN, Desk, message

HOSTILE = "<!channel> <!here> @here <@U123> <https://evil.example|click> &lt;!everyone> *bold* `code` \u202e"


def only(arrived: list[dict[str, Any]]) -> dict[str, Any]:
    (one,) = arrived
    return one


def refused(desk: Desk, name: str, **more: Any) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        deliver(desk.channel(name), message(**more), 5.0)
    return caught.value


# ---- PagerDuty


def test_a_call_opens_an_alert_with_the_fields_of_the_common_event_format(desk: Desk) -> None:
    assert deliver(desk.channel("pager"), message(), 5.0) == ""
    assert only(desk.pager.arrivals.all)["event"] == {
        "routing_key": "…",
        "event_action": "trigger",
        "dedup_key": "oncall-remedy/e1/1",
        "client": "oncall.remedy",
        "payload": {
            "summary": "TraefikDown · hetzner: restart failed",
            "source": "hetzner",
            "severity": "critical",
            "timestamp": "2026-09-21T14:13:20Z",
            "component": "DaemonSet/traefik/traefik",
            "group": "traefik_down",
            "class": "TraefikDown",
            "custom_details": {"why": "restart failed", "done": "Nothing was changed.", "case": "e1"},
        },
    }


def test_a_call_that_is_sent_twice_is_one_alert_and_its_end_resolves_it(desk: Desk) -> None:
    for _time in range(2):
        deliver(desk.channel("pager"), message(), 5.0)
    assert (desk.pager.triggers, desk.pager.open) == ({"oncall-remedy/e1/1": 2}, {"oncall-remedy/e1/1"})
    deliver(desk.channel("pager"), message(kind="clear"), 5.0)
    assert desk.pager.open == set()


def test_pagerdutys_limits_hold_whatever_the_texts_are(desk: Desk) -> None:
    long = "x" * 5000
    deliver(desk.channel("pager"), message(title=long, source=long, component=long, rows=(("why", long),)), 5.0)
    payload = only(desk.pager.arrivals.accepted)["event"]["payload"]
    assert len(payload["summary"]) == 1024
    assert len(payload["source"]) == 255


def test_of_a_429_one_request_comes_and_the_wait_that_it_asks_for_is_known(desk: Desk) -> None:
    desk.pager.unwell = [Reply(429, b"{}", headers=(("Retry-After", "120"),))]
    failure = refused(desk, "pager")
    assert (failure.later, failure.down) == (120.0, True)
    assert failure.reason.startswith("429 too many requests")
    assert len(desk.pager.arrivals.all) == 1


@pytest.mark.parametrize("reply", [pagerduty.FAILED, Reply(502, b""), Reply(202, b"no json"), Reply(301, b"")])
def test_an_answer_that_is_no_acceptance_is_a_failure_after_one_request(desk: Desk, reply: Reply) -> None:
    desk.pager.unwell = [reply]
    assert refused(desk, "pager").down
    assert len(desk.pager.arrivals.all) == 1


def test_what_pagerduty_finds_wrong_is_told_and_the_next_call_may_fare_better(desk: Desk) -> None:
    failure = refused(desk, "pager", source=" ")
    assert "'payload.source' is missing or blank" in failure.reason
    assert not failure.down


def test_a_routing_key_that_pagerduty_does_not_know_is_not_repeated_in_the_error(desk: Desk) -> None:
    key = desk.file("other-key", "0therKey0therKey0therKey0therKey")
    with pytest.raises(Undelivered) as caught:
        deliver(desk.channel("pager", routing_key_file=key), message(), 5.0)
    assert "Invalid routing key" in caught.value.reason
    assert "0ther" not in caught.value.reason
    desk.pager.unwell = [Reply(401, b"")]  # the client's own error names the end of the key
    with pytest.raises(Undelivered) as caught:
        deliver(desk.channel("pager", routing_key_file=key), message(), 5.0)
    assert caught.value.reason == "401 unauthorized: send to PagerDuty"


# ---- Slack


def test_a_message_is_taken_by_slack_with_a_text_for_notifications(desk: Desk) -> None:
    deliver(desk.channel("chat"), message(), 5.0)
    posted = only(desk.chat.arrivals.accepted)["message"]
    assert posted["text"] == "TraefikDown · hetzner: restart failed"
    assert [block["text"]["text"] for block in posted["blocks"]] == [
        ":rotating_light: *TraefikDown · hetzner: restart failed*",
        "*why*  restart failed\n*done*  Nothing was changed.\n*case*  e1",
    ]


def test_hostile_texts_call_nobody_and_link_to_nothing_in_slack(desk: Desk) -> None:
    deliver(desk.channel("chat"), message(title=HOSTILE, rows=(("why", HOSTILE), ("done", "a & b"))), 5.0)
    arrived = only(desk.chat.arrivals.accepted)
    assert (arrived["notifies"], arrived["links"], arrived["loose"]) == ([], [], [])
    assert "&lt;!channel&gt;" in arrived["message"]["text"]
    assert "&amp;lt;!everyone&gt;" in arrived["message"]["text"]


def test_the_stand_in_would_have_noticed_a_mention() -> None:
    seen: dict[str, list[str]] = {"notifies": [], "links": [], "loose": []}
    slack._sort_sequences("<!here> @channel <https://evil.example|x> & <", False, seen)
    assert seen["notifies"] == ["!here", "@channel"]
    assert seen["links"][0] == "https://evil.example|x"
    assert seen["loose"] == ["&", "<"]


@pytest.mark.parametrize("char", ["x", "&", "<", "\u2028"])
def test_long_texts_fit_slacks_limits_and_no_escape_is_cut_in_half(desk: Desk, char: str) -> None:
    rows = tuple((f"row {number}", char * 1500) for number in range(10))
    deliver(desk.channel("chat"), message(title=char * 200, rows=rows), 5.0)
    arrived = only(desk.chat.arrivals.accepted)
    assert arrived["loose"] == []
    assert sum(len(block["text"]["text"]) for block in arrived["message"]["blocks"]) < 13_000


def test_slack_that_asks_to_wait_is_heard(desk: Desk) -> None:
    desk.chat.unwell = [slack.rate_limited(30)]
    failure = refused(desk, "chat")
    assert (failure.later, failure.down) == (30.0, True)


@pytest.mark.parametrize(
    "reply", [Reply.text(200, "maybe"), Reply.text(500, "rollup_error"), Reply.text(403, "action_prohibited")]
)
def test_anything_but_ok_from_slack_is_a_failure_after_one_request(desk: Desk, reply: Reply) -> None:
    desk.chat.unwell = [reply]
    assert reply.body.decode() in refused(desk, "chat").reason
    assert len(desk.chat.arrivals.all) == 1


def test_a_message_that_slack_does_not_understand_holds_no_other(desk: Desk) -> None:
    desk.chat.unwell = [Reply.text(400, "invalid_payload")]
    assert not refused(desk, "chat").down


def test_slacks_url_is_the_secret_and_is_in_no_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    deliver(desk.channel("chat"), message(), 5.0)
    desk.chat.unwell = [Reply.text(500, f"nothing at {SLACK_PATH}")]
    reason = refused(desk, "chat").reason
    assert "(redacted)" in reason
    assert not [secret for secret in SECRETS if secret in reason + caplog.text]


# ---- the generic webhook


def test_a_webhook_gets_the_document_with_its_token_and_a_key_against_doubles(desk: Desk) -> None:
    deliver(desk.channel("hook"), message(), 5.0)
    arrived = only(desk.hook.arrivals.accepted)
    assert arrived["once"] == "oncall-remedy/e1/1/call"
    document = arrived["document"]
    assert (document["target"], document["alert"], document["details"]["why"]) == (
        "hetzner",
        "TraefikDown",
        "restart failed",
    )
    assert document["text"].startswith("TraefikDown · hetzner: restart failed\n\nwhy: restart failed\n")


def test_a_webhook_that_does_not_accept_is_a_failure_and_a_redirect_is_not_followed(desk: Desk) -> None:
    desk.hook.unwell = [Reply(302, b"", headers=(("Location", "http://127.0.0.1:9/"),)), Reply(500, TOKEN.encode())]
    assert refused(desk, "hook").reason.startswith("302 ")
    assert TOKEN not in refused(desk, "hook").reason
    assert len(desk.hook.arrivals.all) == 2


def test_a_webhook_with_the_wrong_token_is_refused(desk: Desk) -> None:
    with pytest.raises(Undelivered, match="401"):
        deliver(desk.channel("hook", token_file=desk.file("other", "wrong")), message(), 5.0)


# ---- e-mail


def test_a_mail_is_encrypted_authenticated_and_says_that_it_is_automatic(desk: Desk) -> None:
    assert deliver(desk.channel("mail"), message(), 5.0) == ""
    mail = only(desk.mail.arrivals.accepted)
    assert (mail["encrypted"], mail["user"]) == (True, "remedy")
    assert mail["to"] == ["platform@example.org", "second@example.org"]
    assert mail["headers"]["Subject"] == "[critical] TraefikDown · hetzner: restart failed"
    assert mail["headers"]["Message-ID"] == "<oncall-remedy.e1.1@example.org>"
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    assert "done: Nothing was changed." in mail["text"]


def test_the_word_that_it_is_over_belongs_to_the_mail_of_the_call(desk: Desk) -> None:
    deliver(desk.channel("mail"), message(kind="clear"), 5.0)
    headers = only(desk.mail.arrivals.accepted)["headers"]
    assert headers["In-Reply-To"] == "<oncall-remedy.e1.1@example.org>"
    assert headers["Message-ID"] == "<over.oncall-remedy.e1.1@example.org>"


def test_a_recipient_who_is_refused_is_told_of_and_the_others_get_it(desk: Desk) -> None:
    desk.mail.refuse = {"second@example.org"}
    remark = deliver(desk.channel("mail"), message(), 5.0)
    assert remark == "127.0.0.1 refuses second@example.org: 550 5.1.1 no such user"
    assert only(desk.mail.arrivals.accepted)["to"] == ["platform@example.org"]
    desk.mail.refuse.add("platform@example.org")
    assert "refuses every recipient" in refused(desk, "mail").reason


def test_a_mail_servers_refusal_is_told_in_its_words(desk: Desk) -> None:
    desk.mail.unwell = ["451 4.3.0 come back later", "554 5.7.1 spam"]
    assert refused(desk, "mail").reason == "127.0.0.1 answers 451 4.3.0 come back later"
    assert not refused(desk, "mail").down


def test_a_wrong_password_is_a_failure_that_does_not_repeat_it(desk: Desk) -> None:
    desk.mail.users = {"remedy": "another"}
    reason = refused(desk, "mail").reason
    assert reason == "127.0.0.1 does not accept the password: 535"
    assert PASSWORD not in reason


def test_without_starttls_no_mail_and_no_password_goes_out(tmp_path: Path, desk: Desk) -> None:
    bare = smtp.MailServer(users={"remedy": PASSWORD})
    with smtp.running(bare) as port, pytest.raises(Undelivered, match="STARTTLS"):
        deliver(desk.channel("mail", port=port), message(), 5.0)
    assert bare.arrivals.all == []


def test_mail_goes_under_tls_from_the_first_byte_or_without_any_where_the_inventory_says_so(
    tmp_path: Path, desk: Desk
) -> None:
    authority = Authority()
    server = smtp.MailServer(users={"remedy": PASSWORD})
    tls = authority.issue("127.0.0.1").context(tmp_path)
    with smtp.running(server, tls, implicit=True) as port:
        ca = desk.file("mail-ca.crt", authority.certificate)
        deliver(desk.channel("mail", port=port, tls="implicit", ca_path=ca), message(), 5.0)
    bare = smtp.MailServer()
    with smtp.running(bare) as port:
        deliver(desk.channel("mail", port=port, tls="none", username=None, password_file=None), message(), 5.0)
    assert [only(one.arrivals.accepted)["encrypted"] for one in (server, bare)] == [True, False]


# ---- all of them


@pytest.mark.parametrize("name", ["pager", "chat", "hook", "mail"])
def test_a_certificate_that_nobody_vouches_for_is_not_believed(desk: Desk, name: str) -> None:
    other = desk.file("other-ca.crt", Authority("another").certificate)
    for ca in (other, None):
        with pytest.raises(Undelivered, match="certificate not accepted"):
            deliver(desk.channel(name, ca_path=ca), message(), 5.0)
    services = (desk.pager.arrivals, desk.chat.arrivals, desk.hook.arrivals, desk.mail.arrivals)
    assert [one.all for one in services] == [[]] * 4


@pytest.mark.parametrize("name", ["pager", "chat", "hook"])
def test_a_service_that_never_answers_is_left_in_time(desk: Desk, name: str) -> None:
    for service in (desk.pager, desk.chat, desk.hook):
        service.hanging.set()
    with pytest.raises(Undelivered, match="timed out"):
        deliver(desk.channel(name), message(), 1.0)


@pytest.mark.parametrize(
    ("name", "option"),
    [("pager", "routing_key_file"), ("chat", "webhook_url_file"), ("hook", "token_file"), ("mail", "password_file")],
)
def test_a_secret_that_cannot_be_read_is_a_failure_that_names_its_file(desk: Desk, name: str, option: str) -> None:
    with pytest.raises(Undelivered, match=r"nowhere: No such file or directory"):
        deliver(desk.channel(name, **{option: "/nowhere"}), message(), 5.0)
    if name != "mail":  # a user without the password's file is a mistake of the inventory
        with pytest.raises(Undelivered, match=f"{option} names no file in this run"):
            deliver(desk.channel(name, **{option: ""}), message(), 5.0)


@pytest.mark.parametrize("name", ["pager", "chat", "hook", "mail"])
@pytest.mark.parametrize("secret", ["two\nlines\r\nX-Injected: 1", "http://127.0.0.1:1/services/x\ny", "\udcff", ""])
def test_a_secrets_file_with_something_else_in_it_is_a_failure_and_is_not_repeated(
    desk: Desk, name: str, secret: str
) -> None:
    path = desk.folder / "odd"
    path.write_bytes(secret.encode("utf-8", "surrogateescape"))
    options = {"pager": "routing_key_file", "chat": "webhook_url_file", "hook": "token_file", "mail": "password_file"}
    with pytest.raises(Undelivered) as caught:
        deliver(desk.channel(name, **{options[name]: str(path)}), message(), 2.0)
    assert "Injected" not in caught.value.reason
    assert "127.0.0.1:1/" not in caught.value.reason


@pytest.mark.parametrize("name", ["pager", "chat", "hook", "mail"])
def test_line_breaks_and_control_characters_in_a_title_stay_in_it(desk: Desk, name: str) -> None:
    """Messages are made visible when they are made; a channel is safe even if one were not."""
    hostile = "up\r\nBcc: everyone@example.org\r\n\r\nbody\x00"
    try:
        deliver(desk.channel(name), message(title=hostile), 5.0)
    except Undelivered as failure:
        assert name == "mail"
        assert "ValueError" in failure.reason or "header" in failure.reason.lower()  # noqa: PT017
    assert [mail["to"] for mail in desk.mail.arrivals.all] == []


def test_nothing_of_a_channel_is_imported_before_something_is_sent() -> None:
    code = (
        "import sys\n"
        "from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import courier, failure, policy\n"
        "print([name for name in ('pagerduty', 'httpx2', 'slack_sdk', 'smtplib') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
