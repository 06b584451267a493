"""The world outside as a process of its own: a mail server and the robots of chat groups, on loopback.

Run as a program it serves until it is killed; the class `Receivers` starts it and asks what arrived. The
robots check signatures with code of their own, and count by key.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from aiosmtpd import smtp
from aiosmtpd.smtp import Envelope, Session

ROOT = Path(__file__).parents[2]
SECRET = "the robots' secret"  # noqa: S105  (of the tests)


class Mailbox:
    """What the mail server does with mails: keep them, or refuse by recipient."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self,
        server: smtp.SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        del server, session, rcpt_options
        if address.startswith("gone"):
            return "550 5.1.1 No such user here"
        if address.startswith("later"):
            return "450 4.2.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: smtp.SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        del server, session
        content = cast("bytes", envelope.content)
        mail = {"to": envelope.rcpt_tos, "from": envelope.mail_from}
        self.mails.append({**mail, "content": base64.b64encode(content).decode()})
        return "250 Kept"


class Robots(ThreadingHTTPServer):
    """The robots: `/wecom/…`, `/dingtalk/…`, `/feishu/…`, `/webhook/…`; each path may misbehave."""

    daemon_threads = True

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(("127.0.0.1", 0), Robot)
        self.mailbox = mailbox
        self.modes: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.received: dict[str, list[dict[str, Any]]] = {}


class Robot(BaseHTTPRequestHandler):
    """One request to a robot, or of the tests to the robots' keeper."""

    server: Robots

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Tell the tests what arrived."""
        robots = self.server
        self._answer(200, {"received": robots.received, "asked": robots.asked, "mails": robots.mailbox.mails})

    def do_POST(self) -> None:
        """Take a message, or an order of the tests."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path, _mark, query = self.path.partition("?")
        if path == "/behave":
            self.server.modes.update(json.loads(body))
            self._answer(200, {})
            return
        self.server.asked[path] += 1
        mode = self.server.modes.get(path, "ok")
        if not self._misbehave(mode):
            self._take(path, query, body)
            if mode == "forgets":  # took it, and died before it could say so
                self.close_connection = True
                return
            self._answer(200, {"errcode": 0, "errmsg": "ok", "code": 0})

    def _misbehave(self, mode: str) -> bool:
        if mode.isdigit():
            self._answer(int(mode), {"error": "as ordered"})
        elif mode == "hangs":
            time.sleep(60)
        elif mode == "drips":
            self._drip()
        elif mode == "redirects":
            self.send_response(302)
            self.send_header("Location", "/wecom/elsewhere")
            self.end_headers()
        elif mode.startswith("code"):
            self._answer(200, {"errcode": int(mode[4:]), "errmsg": "as ordered"})
        else:
            return False
        return True

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(600):
            self.wfile.write(b"X-%d: drip\r\n" % number)
            self.wfile.flush()
            time.sleep(0.1)

    def _take(self, path: str, query: str, body: bytes) -> None:
        kind = path.split("/")[1]
        read = json.loads(body)
        message = {
            "key": self.headers["Idempotency-Key"],
            "signed": SIGNED[kind](dict(urllib.parse.parse_qsl(query)), read, body, self.headers),
            "body": read,
        }
        self.server.received.setdefault(path, []).append(message)

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _dingtalk(query: dict[str, str], *_others: Any) -> bool:
    """The secret is the key, milliseconds and the secret are the text; both stand in the address."""
    stamp = query.get("timestamp", "")
    return len(stamp) == 13 and query.get("sign") == _hmac(SECRET, f"{stamp}\n{SECRET}")


def _feishu(_query: dict[str, str], read: dict[str, Any], *_others: Any) -> bool:
    """Seconds and the secret are the key, the text is empty; both stand in the body."""
    stamp = read.get("timestamp", "")
    return len(stamp) == 10 and read.get("sign") == _hmac(f"{stamp}\n{SECRET}", "")


def _webhook(_query: dict[str, str], _read: dict[str, Any], body: bytes, headers: Any) -> bool:
    signed = headers["X-Backoffice-Timestamp"].encode() + b"." + body
    made = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return bool(headers["X-Backoffice-Signature"] == f"sha256={made}")


SIGNED: dict[str, Callable[..., bool]] = {
    "wecom": lambda *_all: True,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "webhook": _webhook,
}


class Receivers:
    """The receivers as the tests see them."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.receivers"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        ports = json.loads(self.process.stdout.readline())
        self.smtp_port: int = ports["smtp"]
        self.http_port: int = ports["http"]

    @property
    def host(self) -> str:
        """The robots' host, as the operator would allow it."""
        return f"127.0.0.1:{self.http_port}"

    def address(self, path: str) -> str:
        """Return the address of a robot."""
        return f"http://{self.host}{path}"

    def behave(self, path: str, mode: str) -> None:
        """Let a robot misbehave from now on: a status, `code…`, `hangs`, `drips`, `forgets`; or `ok`."""
        self._ask("POST", "/behave", json.dumps({path: mode}))

    def received(self, path: str) -> list[dict[str, Any]]:
        """Return what a robot took."""
        return list(self._ask("GET", "/")["received"].get(path, []))

    def asked(self, path: str) -> int:
        """Return how often a robot was asked, whatever it answered."""
        return int(self._ask("GET", "/")["asked"].get(path, 0))

    def mails(self) -> list[EmailMessage]:
        """Return the mails that arrived; `X-RcptTo` says to whom they really went."""
        return [_mail(one) for one in self._ask("GET", "/")["mails"]]

    def _ask(self, method: str, path: str, body: str = "") -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        try:
            connection.request(method, path, body)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def _mail(kept: dict[str, Any]) -> EmailMessage:
    mail = message_from_bytes(base64.b64decode(kept["content"]), policy=default)
    mail["X-RcptTo"] = ",".join(kept["to"])
    return mail


async def serve() -> None:
    """Serve until killed, and say first on which ports."""
    mailbox = Mailbox()
    robots = Robots(mailbox)
    threading.Thread(target=robots.serve_forever, daemon=True).start()
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: smtp.SMTP(mailbox, hostname="127.0.0.1", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    ports = {"smtp": mail.sockets[0].getsockname()[1], "http": robots.server_port}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await mail.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
