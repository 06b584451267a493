"""What a browser may do with our pages, and whom we believe about the browser."""

import hashlib
from pathlib import Path
from typing import Final

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice.settings import Settings
from views import context

STATIC_ENDPOINTS: Final = ("static", "admin.static")
YEAR_SECONDS: Final = 31_536_000

# Charts and progress bars set style attributes; they cannot run code. Scripts need our origin or the nonce.
POLICY: Final = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Within the site the CSRF check of https reads it; outside nobody learns our addresses.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}


def init_proxies(app: Flask, settings: Settings) -> None:
    """Believe what our own proxies say about the client, and nobody else."""
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def init_assets(app: Flask) -> None:
    """Let browsers keep static files for good, under a name that changes when any of them changes."""
    folder = Path(str(app.static_folder))
    seen = sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())
    version = hashlib.sha256(repr(seen).encode()).hexdigest()[:10]
    app.config["ASSET_VERSION"] = version
    app.context_processor(lambda: {"asset_version": version})


def init_headers(app: Flask, settings: Settings) -> None:
    """Add the security headers to every response of an app."""
    app.jinja_env.globals["csp_nonce"] = context.csp_nonce
    app.after_request(lambda response: _protect(response, https_only=settings.secure))


def _protect(response: Response, *, https_only: bool) -> Response:
    _stay_here(response)
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=context.csp_nonce()))
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    if https_only:
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}; includeSubDomains"
    if request.endpoint not in STATIC_ENDPOINTS:
        response.headers.setdefault("Cache-Control", "private, no-store")
    elif request.args.get("v"):
        response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


def _stay_here(response: Response) -> None:
    """Name no host in redirects within the site: the router writes there whatever host it was asked for."""
    target = response.location or ""
    if target.startswith(request.host_url):
        response.location = "/" + target.removeprefix(request.host_url).lstrip("/\\")
        response.set_data(b"")
