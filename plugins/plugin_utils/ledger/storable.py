# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be stored: text that every database takes, and no secrets.

Alert texts are hostile and results come from other people's programs. Every text and every JSON value passes through
here on its way into the ledger (the column types of ``schema.py`` see to it), so no caller can forget it.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

REDACTED = "(redacted)"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset({
    "password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "cookie", "bearer", "apikey",
    "jwt", "psk",
})  # fmt: skip
_SECRET_KEYS = frozenset({
    "api", "private", "access", "secret", "client", "encryption", "signing", "routing", "integration",
})  # fmt: skip
_NOT_THE_SECRET = frozenset({"file", "path", "name", "ref", "url", "env", "type", "kind", "id"})
"""A key that ends so says where the secret is or what it is called, not what it is: ``token_file``, ``secretName``."""

_MAYBE_SECRET = re.compile(
    r"bearer |basic |eyJ|://[^/\s]*@|-----BEGIN|passw|token|secret|(?:api|access|private|routing|integration).?key|authori"
    r"|cookie|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|hooks\.slack|hv[sbr]\.",
    re.IGNORECASE,
)
_SECRET_TEXTS = (
    # Words follow "basic" as well: a credential has a digit or a sign in it, or is longer than words are.
    (
        re.compile(r"\b(Bearer|Basic) +(?:(?=[A-Z-]*[0-9=+/~])[A-Z0-9._~+/=-]{8,}|[A-Z]{20,})", re.IGNORECASE),
        r"\1 " + REDACTED,
    ),
    (re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), r"\1:" + REDACTED + "@"),
    (re.compile(r"://[^/\s:@]{16,}@"), "://" + REDACTED + "@"),
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(-----END \1-----|\Z)", re.DOTALL), REDACTED),
    (
        re.compile(
            r"(passw(?:or)?d|token|secret|(?:api|access|private|routing|integration)[_-]?key|authorization)"
            r"(\"?'?\s*[=:]\s*\"?'?(?:(?:bearer|basic|digest) +)?)[^\s\"',;&]{4,}",
            re.IGNORECASE,
        ),
        r"\1\2" + REDACTED,
    ),
    (re.compile(r"\b((?:set-)?cookie\"?'?\s*[=:]\s*)[^\r\n\"']{4,}", re.IGNORECASE), r"\1" + REDACTED),
    (re.compile(r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]+"), r"\1" + REDACTED),
    # What is a credential by its first letters: of AWS, GitHub, GitLab, Slack, Vault.
    (
        re.compile(
            r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
            r"|glpat-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|hv[sbr]\.[A-Za-z0-9_-]{20,})"
        ),
        REDACTED,
    ),
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def names_a_secret(key: str) -> bool:
    """Whether a key is one under which a secret stands: ``adminPassword``, ``api_key``; not ``token_file``."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or words[-1] in _NOT_THE_SECRET:
        return False
    if _SECRET_WORDS.intersection(words):
        return True
    return any(word == "key" and before in _SECRET_KEYS for before, word in itertools.pairwise(words))


def storable_text(text: str) -> str:
    """The text without NUL and half surrogates (no database takes both) and without what looks like a secret."""
    if _UNSTORABLE.search(text):
        text = _UNSTORABLE.sub("\ufffd", text)
    if _MAYBE_SECRET.search(text):
        for pattern, instead in _SECRET_TEXTS:
            text = pattern.sub(instead, text)
    return text


def redact(value: Any) -> Any:
    """A copy of a JSON value that may be stored: secrets under telling keys and in telling texts become ``(redacted)``.

    What is hidden under a telling key is a text, a number, or a list of them. An object under one is looked into by its
    own keys: ``expired_token: {lines: 3}`` is a finding of ours and no secret.

    Numbers that JSON does not know (NaN, infinity) become text as Prometheus writes it; tuples become lists. Raises
    TypeError for anything else that JSON has no word for: a case must not hold what cannot be read back.
    """
    return _redact(value, hide=False)


def _redact(value: Any, hide: bool) -> Any:
    if isinstance(value, str):
        if hide and value:
            return REDACTED
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        if hide:
            return REDACTED
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
        return value
    if isinstance(value, dict):
        return {storable_text(str(key)): _redact(member, names_a_secret(str(key))) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redact(member, hide) for member in value]
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
