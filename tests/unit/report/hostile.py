"""Texts that somebody who may name a label or write a log line could choose: what do page and terminal make of them?"""

from __future__ import annotations

from typing import Any

CORPUS = {
    "markup": "</style></title></pre><script>alert(1)</script><img src=x onerror=alert(1)>",
    "the page's own markup": '</code></li></ul></section><section><h2>Gate</h2><b class="good">pass</b></section><p>',
    "attributes": '" \' onmouseover=alert(1) style="background:url(//evil.example)" x=\'',
    "template": "{{ 7 * 7 }}{% raw %}{# gone #}${7*7}",
    "entities": "&lt;b&gt; &#x3C;script&#x3E; &amp;amp;",
    "address": "javascript:alert(1) https://evil.example/x.js //evil.example",
    "escape sequences": "\x1b[2J\x1b[1;1H\x1b]0;owned\x07\x1b[31mred\x9b31m",
    "carriage return": "harmless\rfaked line\x08\x08\x08",
    "line that is faked": "x\n  gate      10 of 10 guards pass\r\n  verified  healed\x85\u2028\u2029\x0b\x0c",
    "writing direction": "user\u202egpj.exe\u202c \u2066a\u2069 \u200f\u061c",
    "nothing to see": "a\u200bb\u2060c\ufeffd\u00ade\u3164f\U000e0041g\U000e01efh",
    "stacked marks": "Z" + "\u0335\u0321\u031b\u0353\u034e\u0316\u0329" * 20 + "algo",
    "not text": "\x00\ud800\udfff\uffff\U0010ffff",
    "another script": "שלום עולם مرحبا 漢字かな交じり文 👩‍👩‍👧‍👦",
    "one long word": "W" * 3000,
    "many words": "word " * 600,
    "wide": "幅" * 300,
}


def poisoned(value: Any, text: str, kept: frozenset[str]) -> Any:
    """The same JSON with the text put in front of every string, those under the names in ``kept`` excepted."""
    if isinstance(value, str):
        return text + value
    if isinstance(value, dict):
        return {key: member if key in kept else poisoned(member, text, kept) for key, member in value.items()}
    if isinstance(value, list):
        return [poisoned(member, text, kept) for member in value]
    return value
