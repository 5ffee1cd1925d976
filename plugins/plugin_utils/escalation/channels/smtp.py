# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""E-mail, by the standard library. TLS is verified, and taken for granted unless the inventory says ``tls: none``."""

from __future__ import annotations

import email.policy
import email.utils
import smtplib
from email.message import EmailMessage

from ansible_collections.oncall.remedy.plugins.module_utils import tls
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Envelope, Undelivered
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

TRANSIENT = range(400, 500)


def send(envelope: Envelope) -> str:
    """Hands the message to the mail server; the remark names recipients whom it refused. Raises Undelivered."""
    options = envelope.channel.options
    try:
        with _server(options, envelope.seconds) as server:
            if options.get("username"):
                server.login(options["username"], envelope.secrets["password_file"])
            refused = server.send_message(mail(envelope.message, options), options["from"], options["to"])
    except smtplib.SMTPRecipientsRefused as error:
        raise Undelivered(
            f"{options['host']} refuses every recipient: {_codes(error.recipients)}", down=False
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"{options['host']} does not accept the password: {error.smtp_code}") from error
    except smtplib.SMTPResponseException as error:
        words = f"{options['host']} answers {error.smtp_code} {_text(error.smtp_error)}"
        raise Undelivered(words, down=error.smtp_code in TRANSIENT) from error
    except smtplib.SMTPException as error:
        raise Undelivered(f"{options['host']}: {error}") from error
    return f"{options['host']} refuses {', '.join(sorted(refused))}: {_codes(refused)}" if refused else ""


def mail(message: Message, options: Json) -> EmailMessage:
    """The message as an e-mail. Its id depends on the call alone: one that is sent twice is one for mail programs."""
    made = EmailMessage(policy=email.policy.SMTP)
    domain = options["from"].rpartition("@")[2].strip("> ")
    call = f"<{message.key.replace('/', '.')}@{domain}>"
    made["Subject"] = f"[{message.severity}] {message.title}" if message.kind == "call" else message.title
    made["From"] = options["from"]
    made["To"] = ", ".join(options["to"])
    made["Date"] = email.utils.formatdate()
    made["Message-ID"] = call if message.kind == "call" else call.replace("<", "<over.", 1)
    if message.kind == "clear":
        made["In-Reply-To"] = made["References"] = call
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text)
    return made


def _server(options: Json, seconds: float) -> smtplib.SMTP:
    """A connection that is encrypted as the inventory wants it."""
    host, port = options["host"], options["port"]
    if options["tls"] == "implicit":
        return smtplib.SMTP_SSL(host, port, timeout=seconds, context=tls.context(ca_path=options.get("ca_path")))
    server = smtplib.SMTP(host, port, timeout=seconds)
    if options["tls"] == "starttls":
        try:
            server.starttls(context=tls.context(ca_path=options.get("ca_path")))
        except BaseException:
            server.close()
            raise
    return server


def _codes(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(sorted({f"{code} {_text(words)}" for code, words in refused.values()}))


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
