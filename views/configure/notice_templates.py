"""Templates of messages, by kind and language."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models.deliveries import templates
from models.errors import InvalidError, NotFoundError
from models.messages import LANGUAGES
from models.people import Permission
from views.account import LANGUAGE_NAMES
from views.configure.base import ConfigureView, Errors, posted, said, summary
from views.configure.messages import tabs

LABELS = {"subject": lazy_gettext("Subject"), "body": lazy_gettext("Text")}


class TemplatesView(ConfigureView):
    """What messages say."""

    permissions = (Permission.CONFIGURE_CHANNELS,)
    endpoint_name = "configure_templates"
    path = "/configure/channels/templates"

    @expose("/")
    def index(self) -> str:
        """List the kinds with their templates."""
        return self.page(
            "notice_templates.html",
            kinds=templates.TEMPLATE_KINDS,
            languages=LANGUAGE_NAMES,
            changed=templates.changed(),
            sample_of=lambda kind, language: templates.render(kind, language, templates.SAMPLES[language])[0],
            tabs_of=tabs("templates"),
        )

    @expose("/<template>", methods=["GET", "POST"])
    def edit(self, template: str) -> ResponseReturnValue:
        """Change a template such as `task.zh`, or show what it would look like."""
        kind, language = _named(template)
        subject, body, _own = templates.texts(kind, language)
        if request.method == "GET":
            return self._show(kind, language, subject, body, {})
        subject, body = posted("subject", templates.MAX_SUBJECT), posted("body", templates.MAX_BODY)
        try:
            if "preview" in request.form:
                templates.check(subject, body)
                return self._show(kind, language, subject, body, {})
            templates.save(kind, language, subject, body)
        except InvalidError as error:
            return self._show(kind, language, subject, body, said(error))
        flash(_("Saved."), "success")
        return redirect(url_for(".edit", template=template))

    @expose("/<template>/reset", methods=["POST"])
    def reset(self, template: str) -> ResponseReturnValue:
        """Go back to the text that came with the program."""
        templates.reset(*_named(template))
        flash(_("The template is as it came with the program."), "success")
        return redirect(url_for(".edit", template=template))

    def _show(self, kind: str, language: str, subject: str, body: str, errors: Errors) -> str:
        preview = None if errors else templates.fill(subject, body, templates.SAMPLES[language])
        return self.page(
            "notice_template.html",
            kind=kind,
            kind_name=templates.TEMPLATE_KINDS[kind],
            of_language=language,
            language_name=LANGUAGE_NAMES[language],
            subject=subject,
            body=body,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            variables=templates.VARIABLES,
            samples=templates.SAMPLES[language],
            preview=preview,
            own=f"{kind}.{language}" in templates.changed(),
            longest=templates,
        )


def _named(template: str) -> tuple[str, str]:
    kind, _dot, language = template.partition(".")
    if kind not in templates.TEMPLATE_KINDS or language not in LANGUAGES:
        raise NotFoundError
    return kind, language
