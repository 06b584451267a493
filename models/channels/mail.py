"""E-mail: built so that no text can become a header, sent over one connection for many."""

import contextlib
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from jinja2 import Environment

from models.channels import Channel
from models.channels.message import Outgoing
from models.channels.outcomes import Outcome
from models.channels.surroundings import surroundings
from models.messages import Message, _

SECONDS: Final = 10.0
MAX_HEADER: Final = 250
_PERMANENT: Final = 500
_PAGE: Final = Environment(autoescape=True).from_string(
    '<!doctype html>\n<html lang="{{ lang }}"><head><meta charset="utf-8">'
    "<title>{{ subject }}</title></head>\n"
    '<body style="margin:0;padding:24px;background:#f4f5f7;color:#1f2329;'
    "font:15px/1.6 -apple-system,'PingFang SC','Microsoft YaHei',sans-serif\">\n"
    '<div style="max-width:600px;margin:auto;padding:24px;background:#fff;border-radius:8px">\n'
    '<h1 style="margin:0 0 16px;font-size:18px">{{ subject }}</h1>\n'
    "{% for paragraph in paragraphs %}<p>{% for line in paragraph %}{{ line }}"
    "{% if not loop.last %}<br>{% endif %}{% endfor %}</p>\n{% endfor %}"
    '{% if link %}<p><a href="{{ link }}" style="display:inline-block;padding:8px 16px;border-radius:6px;'
    'background:#2458d3;color:#fff;text-decoration:none">{{ open }}</a></p>\n{% endif %}'
    '{% if company %}<p style="color:#6b7280;font-size:13px">{{ company }}</p>\n{% endif %}'
    "</div></body></html>\n"
)
_LANGUAGES: Final = {"zh": ("zh-CN", "打开"), "en": ("en", "Open")}


class MailSender:
    """Sends through one mail server; connects at the first message, and again after a failure."""

    def __init__(self, channel: Channel) -> None:
        """Keep how to reach it."""
        self.channel = channel
        self._connection: smtplib.SMTP | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Send one message and say what came of it."""
        try:
            mail = build(self.channel, message)
        except (ValueError, IndexError, MessageError) as error:  # an address that is none
            return Outcome("never", _("The e-mail address is wrong."), str(error))
        try:
            self._connected().send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return judge(error)
        return Outcome("sent")

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
        self._connection = None

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        channel, context = self.channel, ssl.create_default_context()
        host, port, name = str(channel.host), int(channel.port), _domain(channel)
        if channel.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=SECONDS, context=context)
        else:
            connection = smtplib.SMTP(host, port, name, timeout=SECONDS)
        try:
            if channel.security == "starttls":
                connection.starttls(context=context)
            if channel.user:
                connection.login(str(channel.user), str(channel.secret) or surroundings().smtp_password)
        except BaseException:
            connection.close()
            raise
        return connection


def build(channel: Channel, message: Outgoing) -> EmailMessage:
    """Return the mail: plain text, and the same as HTML. Raises ValueError for an address that is none."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(
        header_text(surroundings().company or str(channel.name)), addr_spec=str(channel.sender)
    )
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = header_text(message.subject)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key_hash}@{_domain(channel)}>"
    mail["X-Backoffice-Key"] = message.header_key[:MAX_HEADER]
    mail["Auto-Submitted"] = "auto-generated"
    body = message.body.replace("\r\n", "\n").replace("\r", "\n").strip()
    mail.set_content(f"{body}\n\n{message.link}\n" if message.link else f"{body}\n", cte="base64")
    mail.add_alternative(_html(message, body), subtype="html", cte="base64")
    return mail


def _domain(channel: Channel) -> str:
    """Return the domain that mails come from: what receivers expect in ids and greetings."""
    return str(channel.sender).rpartition("@")[2]


def header_text(text: str) -> str:
    """Return a text as one line without control characters, short enough for a header."""
    printable = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(printable.split())[:MAX_HEADER]


def _html(message: Outgoing, body: str) -> str:
    tongue, open_ = _LANGUAGES.get(message.language, _LANGUAGES["zh"])
    return _PAGE.render(
        lang=tongue,
        subject=header_text(message.subject),
        paragraphs=[part.split("\n") for part in body.split("\n\n") if part.strip()],
        link=message.link if message.link.startswith(("http://", "https://")) else "",
        open=open_,
        company=surroundings().company,
    )


def judge(error: Exception) -> Outcome:
    """Say what a failure means: a refused recipient stays refused, everything else may pass."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in error.recipients.values()]
        if all(code >= _PERMANENT for code in codes):
            return Outcome("never", _("The mail server refused the recipient."), detail)
        return Outcome("again", _("The mail server does not accept this recipient yet."), detail, well=True)
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= _PERMANENT:
        return Outcome("never", _("The mail server refused the message."), detail)
    return Outcome("again", _reason(error), detail)


def _reason(error: Exception) -> Message:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _("The mail server refused user name or password.")
    if isinstance(error, TimeoutError):
        return _("No answer within %(seconds)s seconds.", seconds=int(SECONDS))
    if isinstance(error, ssl.SSLError):
        return _("The mail server's certificate is not valid.")
    return _("The mail server could not be reached or did not accept the message.")
