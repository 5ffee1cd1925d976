"""The pages that Cloudflare prints where the origin gave it none."""

from __future__ import annotations

import html

# Status: title of the page. What each means stands in Cloudflare's documentation of its 5xx errors.
TITLES = {
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
    530: "Origin DNS error",
}
_PAGE = """\
<!DOCTYPE html>
<html lang="en-US">
<head><title>{host} | {status}: {title}</title><meta charset="UTF-8" /></head>
<body><div id="cf-wrapper"><div id="cf-error-details">
<h1><span class="inline-block">{title}</span> <span class="code-label">Error code {status}</span></h1>
<div>Visit <a href="https://www.cloudflare.com/5xx-error-landing">cloudflare.com</a> for more information.</div>
<p>Cloudflare Ray ID: <strong>{ray}</strong></p>
</div></div></body>
</html>
"""


def page(status: int, host: str, ray: str) -> bytes:
    """The page of one of TITLES' statuses."""
    return _PAGE.format(status=status, title=TITLES[status], host=html.escape(host), ray=ray).encode()


def unknown_host(host: str, ray: str) -> bytes:
    """The page for a host that no zone has: error 1001."""
    return (
        f"<!DOCTYPE html><html><head><title>DNS resolution error | {html.escape(host)} | Cloudflare</title></head>"
        f"<body><h1>Error 1001</h1><h2>DNS resolution error</h2><p>Ray ID: {ray}</p></body></html>\n"
    ).encode()
