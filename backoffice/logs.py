"""One line per event, for a person or as JSON, each with the id of the request that caused it."""

import logging
import re
import secrets
import sys
import time
from typing import TYPE_CHECKING, Final

import structlog
from structlog.typing import Processor

if TYPE_CHECKING:
    from flask import Flask, Response

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET: Final = ("/static/", "/healthz", "/readyz", "/metrics")
NOISY: Final = (
    "amqp",
    "asyncio",
    "celery.app.trace",  # a sweep every few seconds
    "celery.beat",
    "celery.worker.strategy",
    "fontTools",
    "kombu",
    "pymongo",
)


def configure(log_format: str, level: str) -> None:
    """Send every log line of this process, ours and the libraries', to the standard error stream.

    Args:
        log_format: `console` or `json`.
        level: the least important level that is written, such as `INFO`.

    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if log_format == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        plain = structlog.dev.plain_traceback
        last += [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def init_app(app: "Flask") -> None:
    """Give every request an id (`g.request_id`, `X-Request-ID`) and write one line about it."""
    # Imported here because the worker and the supervisor log, too, and have no use for Flask.
    from flask import g, request  # noqa: PLC0415

    log = structlog.get_logger("backoffice.requests")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.request_start = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: "Response") -> "Response":
        if "request_id" not in g:  # an earlier hook refused the request
            return response
        response.headers["X-Request-ID"] = g.request_id
        if not request.path.startswith(QUIET):
            took = round((time.perf_counter() - g.request_start) * 1000, 1)
            # The rule and not the path: an address may hold a token, a query may hold anything.
            rule = request.url_rule.rule if request.url_rule else "-"
            log.info("request", method=request.method, rule=rule, status=response.status_code, ms=took)
        return response
