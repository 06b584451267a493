"""Channels by which messages leave: mail, robots of chat groups, webhooks."""

from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import channels, deliveries, departments, edits
from models.access import object_id
from models.channels import Channel
from models.channels.addresses import PUBLIC_HOSTS
from models.channels.outcomes import Outcome
from models.deliveries import carrying
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import live_forms
from models.messages import LANGUAGES
from models.people import Permission
from models.times import now
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary, unsaved_notice
from views.configure.messages import tabs
from views.context import current_language, current_timezone, require_person

MAX_CHOICES = 500
KINDS = {
    "email": lazy_gettext("E-mail"),
    "wecom": lazy_gettext("WeCom group robot"),
    "dingtalk": lazy_gettext("DingTalk group robot"),
    "feishu": lazy_gettext("Feishu group robot"),
    "webhook": lazy_gettext("Signed webhook"),
}
ICONS = {
    "email": "envelope",
    "wecom": "chat-dots",
    "dingtalk": "chat-dots",
    "feishu": "chat-dots",
    "webhook": "braces",
}
LEVELS = {
    "info": lazy_gettext("everything"),
    "warning": lazy_gettext("warnings and urgent ones"),
    "urgent": lazy_gettext("only urgent ones"),
}
SECURITY = {
    "starttls": lazy_gettext("STARTTLS (usually port 587)"),
    "tls": lazy_gettext("TLS from the start (usually port 465)"),
    "none": lazy_gettext("none (only inside your own network)"),
}
LABELS = {
    "key": lazy_gettext("Channel key"),
    "name": lazy_gettext("Channel name"),
    "active": lazy_gettext("In use"),
    "host": lazy_gettext("Mail server"),
    "port": lazy_gettext("Port"),
    "security": lazy_gettext("Encryption"),
    "user": lazy_gettext("User name"),
    "sender": lazy_gettext("Sender address"),
    "address": lazy_gettext("Address of the robot"),
    "secret": lazy_gettext("Secret"),
    "language": lazy_gettext("Language"),
    "format": lazy_gettext("Format"),
    "forms": lazy_gettext("Forms"),
    "departments": lazy_gettext("Departments"),
    "level": lazy_gettext("What it gets"),
}


class ChannelsView(ConfigureView):
    """The ways out, each with its routes."""

    permissions = (Permission.CONFIGURE_CHANNELS,)
    endpoint_name = "configure_channels"
    path = "/configure/channels"

    @expose("/")
    def index(self) -> str:
        """List the channels with how they are."""
        found = list(Channel.objects.order_by("-active", "kind", "name"))
        return self.page(
            "channels.html",
            channels=found,
            kinds=KINDS,
            icons=ICONS,
            levels=LEVELS,
            form_names=_form_names(),
            department_names=_department_names(),
            failure=_failure,
            now=now(),
            timezone=current_timezone(),
            tabs_of=tabs("channels"),
        )

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Add a channel of the kind that `?kind=` names."""
        kind = request.args.get("kind", "")
        channel = Channel(key="", name="", kind=kind if kind in KINDS else "email")
        return self._edit(channel)

    @expose("/<channel_id>", methods=["GET", "POST"])
    def edit(self, channel_id: str) -> ResponseReturnValue:
        """Change a channel."""
        return self._edit(_found(channel_id))

    @expose("/<channel_id>/test", methods=["POST"])
    def test(self, channel_id: str) -> ResponseReturnValue:
        """Send a test message by the channel as it is stored, and show the answer."""
        channel, person = _found(channel_id), require_person()
        if channel.is_mail and not person.email:
            flash(_("Your account has no e-mail address to which a test could go."), "danger")
            return redirect(url_for(".edit", channel_id=channel.id))
        outcome = carrying.send_test(channel, str(person.email or ""), current_language())
        return self._show(channel, {}, edits.stamp(channel, channels.ATTRIBUTES), outcome)

    @expose("/<channel_id>/delete", methods=["POST"])
    def delete(self, channel_id: str) -> ResponseReturnValue:
        """Remove a channel."""
        return attempt(url_for(".index"), _("The channel is deleted."), channels.delete, _found(channel_id))

    def _edit(self, channel: Channel) -> ResponseReturnValue:
        if request.method == "GET":
            return self._show(channel, {}, edits.stamp(channel, channels.ATTRIBUTES))
        seen = posted("stamp", 64)
        errors = _read(channel)
        try:
            if not errors:
                channels.save(channel, seen=seen)
                flash(_("Saved."), "success")
                return redirect(url_for(".edit", channel_id=channel.id))
        except InvalidError as error:
            errors = said(error)
        except ConflictError:
            errors = {"": unsaved_notice()}
            seen = edits.stamp(channel, channels.ATTRIBUTES)
        return self._show(channel, errors, seen)

    def _show(self, channel: Channel, errors: Errors, seen: str, outcome: Outcome | None = None) -> str:
        stored = Channel.objects(id=channel.id).first() if channel.id else None
        return self.page(
            "channel.html",
            channel=channel,
            stored=stored,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            stamp=seen,
            kinds=KINDS,
            levels=LEVELS,
            securities=SECURITY,
            public_hosts=PUBLIC_HOSTS.get(str(channel.kind), ()),
            form_names=_form_names(),
            tree=departments.tree(),
            outcome=outcome,
            failure=_failure,
            timezone=current_timezone(),
        )


def _found(channel_id: str) -> Channel:
    channel: Channel | None = Channel.objects(id=object_id(channel_id)).first()
    if channel is None:
        raise NotFoundError
    return channel


def _failure(channel: Channel) -> tuple[Any, str]:
    """Return why a channel failed last: a reason to be translated, and what the other side said."""
    return deliveries.reason_of(channel.last_failure), str((channel.last_failure or {}).get("detail", ""))


def _form_names() -> dict[str, str]:
    language = current_language()
    return {form.key: form.definition.label.text(language) or form.key for form in live_forms()}


def _department_names() -> dict[ObjectId, str]:
    language = current_language()
    return {one.id: one.name.text(language) or one.code for _depth, one in departments.tree()}


def _read(channel: Channel) -> Errors:
    """Put what was posted into a channel; secrets that were left empty stay as they are."""
    errors: Errors = {}
    for name, longest in (("key", 40), ("name", 80), ("host", 253), ("user", 254), ("sender", 254)):
        setattr(channel, name, posted(name, longest))
    channel.active = "active" in request.form
    for name, choices in (
        ("language", LANGUAGES),
        ("level", channels.LEVELS),
        ("format", channels.FORMATS),
        ("security", channels.SECURITY),
    ):
        if posted(name) in choices:
            setattr(channel, name, posted(name))
    port = posted("port", 6)
    if channel.is_mail:
        channel.port = int(port) if port.isascii() and port.isdigit() else 0
    channel.forms = [text[:60] for text in request.form.getlist("forms")[:MAX_CHOICES] if text]
    chosen = request.form.getlist("departments")[:MAX_CHOICES]
    channel.departments = [ObjectId(text) for text in chosen if ObjectId.is_valid(text)]
    channel.address = posted("address", 1000) or channel.address
    if "forget_secret" in request.form:
        channel.secret = ""
    channel.secret = posted("secret", channels.MAX_SECRET) or channel.secret
    return errors
