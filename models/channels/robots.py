"""Robots of chat groups and signed webhooks: how each wants to be asked, and what its answers mean."""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from models.channels import Channel, addresses, web
from models.channels.addresses import AddressError
from models.channels.message import Outgoing
from models.channels.outcomes import Outcome
from models.messages import _

WECOM_MARKDOWN_BYTES: Final = 4096
WECOM_TEXT_BYTES: Final = 2048
DINGTALK_BYTES: Final = 18_000  # 20,000 with what stands around it
FEISHU_BYTES: Final = 18_000
# Marks that make a link, a mention or a heading of somebody's text.
_LOOKALIKES: Final = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "#": "＃", "`": "ˋ"})
# "too often" in the robots' own numbers; everything else but 0 is a refusal of this message.
_BUSY: Final = {45009, 130101, 410100, 9499, 11232}
_UNWELL: Final = {-1}
_PASSING_STATUS: Final = {408, 425}
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class Question:
    """What is posted: JSON, with what is added to the address and the headers."""

    body: dict[str, Any]
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        """The body as it travels, the same bytes that are signed."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class GroupSender:
    """Sends to one group or program."""

    def __init__(self, channel: Channel) -> None:
        """Keep how to reach it."""
        self.channel = channel

    def send(self, message: Outgoing) -> Outcome:
        """Send one message and say what came of it."""
        try:
            target = addresses.check(str(self.channel.kind), str(self.channel.address))
            answer = self._post(target, message)
        except AddressError as error:
            return Outcome("never", error.message)
        except TimeoutError:
            return Outcome(
                "again", _("No answer within %(seconds)s seconds.", seconds=int(web.TOTAL_SECONDS))
            )
        except (OSError, http.client.HTTPException) as error:
            return Outcome("again", _("The connection failed."), f"{type(error).__name__}: {error}")
        return judge(str(self.channel.kind), answer)

    def close(self) -> None:
        """Do nothing: every message has a connection of its own."""

    def _post(self, target: addresses.Target, message: Outgoing) -> web.Answer:
        question = _ASK[str(self.channel.kind)](self.channel, message)
        if question.query:
            joined = "&" if "?" in target.path else "?"
            target = addresses.Target(
                target.scheme,
                target.host,
                target.port,
                f"{target.path}{joined}{urlencode(question.query)}",
                target.named,
            )
        headers = {"Idempotency-Key": message.header_key, "User-Agent": "backoffice", **question.headers}
        return web.post(target, question.bytes, headers)


def sign(key: str, text: str) -> str:
    """Return an HMAC-SHA256 as the robots want it, in base64."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def webhook_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what `X-Backoffice-Signature` says: HMAC-SHA256 over `timestamp.body`, in hex."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def _markdown(message: Outgoing, longest: int) -> str:
    title, body = message.subject.translate(_LOOKALIKES), message.body.translate(_LOOKALIKES)
    link = f"\n\n[{_OPEN[message.language]}]({message.link})" if message.link.startswith("http") else ""
    head = f"**{title}**\n\n"
    return head + _cut(body, longest - len((head + link).encode())) + link


def _text(message: Outgoing, longest: int) -> str:
    link = f"\n{message.link}" if message.link else ""
    text = f"{message.subject}\n{message.body}".replace("<", "＜")  # `<@all>` would call everybody
    return _cut(text, longest - len(link.encode())) + link


def _cut(text: str, longest: int) -> str:
    """Return a text of at most so many bytes, without half a character at the end."""
    return text.encode()[: max(0, longest)].decode("utf-8", "ignore")


def _ask_wecom(channel: Channel, message: Outgoing) -> Question:
    if channel.format == "text":
        return Question({"msgtype": "text", "text": {"content": _text(message, WECOM_TEXT_BYTES)}})
    content = _markdown(message, WECOM_MARKDOWN_BYTES)
    return Question({"msgtype": "markdown", "markdown": {"content": content}})


def _ask_dingtalk(channel: Channel, message: Outgoing) -> Question:
    stamp = str(round(message.at.timestamp() * 1000))
    secret = str(channel.secret)
    query = {"timestamp": stamp, "sign": sign(secret, f"{stamp}\n{secret}")} if secret else {}
    if channel.format == "text":
        return Question({"msgtype": "text", "text": {"content": _text(message, DINGTALK_BYTES)}}, query)
    content = {"title": message.subject[:100], "text": _markdown(message, DINGTALK_BYTES)}
    return Question({"msgtype": "markdown", "markdown": content}, query)


def _ask_feishu(channel: Channel, message: Outgoing) -> Question:
    stamp = str(int(message.at.timestamp()))
    signed = {"timestamp": stamp, "sign": sign(f"{stamp}\n{channel.secret}", "")} if channel.secret else {}
    if channel.format == "text":
        return Question({**signed, "msg_type": "text", "content": {"text": _text(message, FEISHU_BYTES)}})
    lines = [[{"tag": "text", "text": line}] for line in _cut(message.body, FEISHU_BYTES).splitlines()]
    if message.link.startswith("http"):
        lines.append([{"tag": "a", "text": _OPEN[message.language], "href": message.link}])
    tongue = "en_us" if message.language == "en" else "zh_cn"
    post = {tongue: {"title": message.subject, "content": lines}}
    return Question({**signed, "msg_type": "post", "content": {"post": post}})


def _ask_webhook(channel: Channel, message: Outgoing) -> Question:
    stamp = str(int(message.at.timestamp()))
    body = {
        **(message.facts or {}),
        "key": message.key,
        "subject": message.subject,
        "body": message.body,
        "link": message.link,
    }
    question = Question(body)
    signature = webhook_signature(str(channel.secret), stamp, question.bytes)
    headers = {"X-Backoffice-Timestamp": stamp, "X-Backoffice-Signature": signature}
    return Question(body, headers=headers)


def judge(kind: str, answer: web.Answer) -> Outcome:
    """Say what an answer means."""
    said = f"HTTP {answer.status} {answer.text}"
    status = answer.status
    if status == _TOO_MANY:
        return Outcome("busy", _("The receiver wants fewer messages for a while."), said)
    if status >= _SERVER_ERROR or status in _PASSING_STATUS:
        return Outcome("again", _("The server answered with error %(status)s.", status=status), said)
    if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
        return Outcome("never", _("The server refused it with error %(status)s.", status=status), said)
    return Outcome("sent", detail=said) if kind == "webhook" else _judge_robot(answer, said)


def _judge_robot(answer: web.Answer, said: str) -> Outcome:
    """Read the robots' own code: they say 200 to everything."""
    code = _code(answer)
    if code == 0:
        return Outcome("sent", detail=said)
    if code in _BUSY:
        return Outcome("busy", _("The receiver wants fewer messages for a while."), said)
    if code is None or code in _UNWELL:
        return Outcome("again", _("The robot's answer was not understood."), said)
    return Outcome("never", _("The robot refused it with code %(code)s.", code=code), said)


def _code(answer: web.Answer) -> int | None:
    try:
        read = json.loads(answer.body)
    except ValueError:
        return None
    codes = [read.get(name) for name in ("errcode", "code", "StatusCode")] if isinstance(read, dict) else []
    return next((code for code in codes if isinstance(code, int)), None)


_OPEN: Final = {"zh": "打开", "en": "Open"}
_ASK: Final[dict[str, Callable[[Channel, Outgoing], Question]]] = {
    "wecom": _ask_wecom,
    "dingtalk": _ask_dingtalk,
    "feishu": _ask_feishu,
    "webhook": _ask_webhook,
}
