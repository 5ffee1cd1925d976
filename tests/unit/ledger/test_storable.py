# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be stored: no secrets, no text that a database refuses; and nothing else is touched."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import (
    REDACTED,
    names_a_secret,
    redact,
    storable_text,
)

SECRET_KEYS = [
    "password", "adminPassword", "DB_PASSWORD", "passwd", "token", "access_token", "accessToken", "X-Auth-Token",
    "secret", "client_secret", "api_key", "apiKey", "APIKEY", "private-key", "privateKey", "authorization", "Cookie",
]  # fmt: skip
HARMLESS_KEYS = [
    "token_file", "tokenPath", "password_file", "secretName", "secret_ref", "credential", "key", "keys", "monkey",
    "namespace", "tokens", "author", "passed", "", "cookies_total", "bypass", "public_key",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_what_stands_under_a_telling_key_is_not_stored(key: str) -> None:
    assert redact({key: "hunter2"}) == {key: REDACTED}
    assert redact({"deep": [{key: ["hunter2", 4711]}]}) == {"deep": [{key: [REDACTED, REDACTED]}]}


@pytest.mark.parametrize("key", HARMLESS_KEYS)
def test_other_keys_are_left_alone(key: str) -> None:
    assert not names_a_secret(key)
    assert redact({key: "traefik"}) == {key: "traefik"}


def test_an_empty_secret_shows_that_it_is_empty() -> None:
    assert redact({"token": "", "password": None, "secret": False}) == {"token": "", "password": None, "secret": False}


def test_an_object_under_a_telling_key_is_judged_by_its_own_keys() -> None:
    value = {"expired_token": {"lines": 3, "pods": ["a"], "token": "hunter2"}}
    assert redact(value) == {"expired_token": {"lines": 3, "pods": ["a"], "token": REDACTED}}


@pytest.mark.parametrize(
    "text",
    [
        "curl -H 'Authorization: Bearer SECRET0123'",
        "authorization: Digest SECRET0123",
        "sent Bearer SECRET0123",
        "Proxy-Authorization: basic SECRET0123==",
        "https://user:SECRET0123@host/path",
        "postgresql://remedy:SECRET0123@db/ledger",
        "--password=SECRET0123 --user=x",
        'reply was {"token": "SECRET0123"}',
        "API_KEY: SECRET0123",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVQwMTIzIn0.SECRET0123",
        "-----BEGIN RSA PRIVATE KEY-----\nSECRET0123\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nSECRET0123 and cut off",
    ],
)
def test_a_secret_in_a_text_is_not_stored(text: str) -> None:
    assert "SECRET0123" not in storable_text(f"before {text} after")
    assert REDACTED in storable_text(text)
    assert storable_text(f"before {text}").startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "no token was given",
        "secret traefik/cert not found",
        "https://host:8443/path?x=1",
        "basic authentication is off",
        "a bearer token. Authorization failed",
        "mail to ops@example.org",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "command traefik error: field not found, node: nonexistentflag",
    ],
)
def test_an_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert storable_text(text) == text


def test_what_has_been_redacted_is_not_changed_again() -> None:
    once = storable_text("Bearer abcdefgh12345 and https://u:pppp@h and password=hunter2")
    assert storable_text(once) == once


@given(st.text())
def test_every_text_becomes_one_that_a_database_takes(text: str) -> None:
    stored = storable_text(text)
    assert "\x00" not in stored
    stored.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("abc 1-{}"),
    lambda members: st.lists(members) | st.dictionaries(st.text("abxyz_", min_size=1), members),
    max_leaves=20,
)


@given(JSON)
def test_json_without_secrets_comes_back_unchanged(value: Any) -> None:
    assert redact(value) == value


@given(JSON, st.sampled_from(SECRET_KEYS), st.text(string.ascii_letters + string.digits, min_size=12))
def test_a_secret_under_a_telling_key_is_found_at_any_depth(value: Any, key: str, secret: str) -> None:
    stored = json.dumps(redact({"a": [value, {"b": {key: secret}}]}))
    assert secret not in stored


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"], ids=["object", "set", "bytes"])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        redact({"x": value})


@pytest.mark.parametrize(
    "text", ["-eyJ", "eyJa.", "://a:", "Bearer ", "token=", "password  ", "-----BEGIN ", "Basic a-"]
)
def test_a_huge_hostile_text_is_done_with_in_one_go(text: str) -> None:
    # Were a pattern to look through the rest of the text from every place in it, this would take hours.
    assert len(storable_text(text * 200_000)) <= len(text) * 200_000
