"""Forms: listed, made, edited as one JSON document, previewed."""

from typing import Any

from flask import Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import definition_files, form_checks, forms
from models.database import db
from models.definition import GROUPS
from models.errors import ConflictError, InvalidError, NotFoundError, TooLargeError
from models.forms import Form
from models.people import Permission
from models.permissions import configures_any, may_configure, require_configure, require_permission
from views.configure import editor
from views.configure.base import Errors, file_refusal, posted, said, summary
from views.configure.catalog import ICONS, group_labels
from views.configure.form_access import FormAccess
from views.configure.preview import PreviewScreen
from views.configure.publishing import number
from views.configure.workflow import WorkflowDesigner
from views.context import current_actor, current_language, current_person, require_person

LABELS = {
    "key": lazy_gettext("Key"),
    "label": lazy_gettext("Form name"),
    "definition": lazy_gettext("File"),
}
MIME_TYPES = {"json": "application/json", "yaml": "application/yaml"}


# For these it is not enough to be the keeper of one form.
OF_EVERY_FORM = frozenset({"create", "delete", "retire"})


class FormsView(FormAccess, WorkflowDesigner):
    """The list of forms and the editor of one; who keeps a single form opens that one alone."""

    permissions = (Permission.CONFIGURE_FORMS,)
    endpoint_name = "configure_forms"
    path = "/configure/forms"

    def is_accessible(self) -> bool:
        """Open the screen to who may change any form at all, or who gives rights on them."""
        person = current_person()
        gives = person is not None and person.active and person.may(Permission.CONFIGURE_ROLES)
        return gives or (person is not None and configures_any(person))

    def _handle_view(self, name: str, **kwargs: Any) -> Any:  # noqa: ANN401  (Flask-Admin's own)
        """Look before every page whether it is of a form that the person may change."""
        refused = super()._handle_view(name, **kwargs)
        person = require_person()
        if name == "access":
            require_permission(person, Permission.CONFIGURE_ROLES)
        elif name in OF_EVERY_FORM:
            require_permission(person, Permission.CONFIGURE_FORMS)
        elif "key" in kwargs:
            require_configure(person, kwargs["key"])
        return refused

    @expose("/")
    def index(self) -> str:
        """List every form, retired ones last."""
        person = require_person()
        gives = person.may(Permission.CONFIGURE_ROLES)
        shown = [form for form in Form.objects if gives or may_configure(person, form.key)]
        rows = sorted(map(_row, shown), key=lambda row: (row["retired"], row["order"]))
        makes = person.may(Permission.CONFIGURE_FORMS)
        return self.page(
            "forms.html", rows=rows, groups=group_labels(), makes=makes, may_change=may_configure
        )

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Make a form, from nothing or from a file."""
        values = {name: posted(name) for name in ("key", "label_zh", "label_en", "group")}
        errors: Errors = {}
        if request.method == "POST":
            try:
                form = forms.create(current_actor(), _new_document(values))
                return redirect(url_for(".edit", key=form.key))
            except InvalidError as error:
                errors = said(error)
        return self.page(
            "form_new.html",
            values=values,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            groups=group_labels(),
        )

    @expose("/<key>/")
    def edit(self, key: str) -> str:
        """Show the editor."""
        form = forms.get(key)
        return self.page("form.html", form=form, definition=forms.draft_of(form), data=editor.as_json(form))

    @expose("/<key>/draft", methods=["PUT", "POST"])
    def save(self, key: str) -> ResponseReturnValue:
        """Keep the draft; what is still wrong with it comes back."""
        posted_document = _read_body()
        document, revision = posted_document.get("definition"), posted_document.get("draft_revision")
        if not isinstance(document, dict) or not isinstance(revision, int) or isinstance(revision, bool):
            raise InvalidError({"definition": []})
        try:
            form = forms.save_draft(current_actor(), key, document, draft_revision=revision)
        except ConflictError as error:
            return jsonify(conflict=editor.saved_by(error.current)), error.status
        return jsonify(
            {"draft_revision": form.draft_revision, **editor.judgement(form, forms.draft_of(form))}
        )

    @expose("/<key>/check", methods=["POST"])
    def check(self, key: str) -> ResponseReturnValue:
        """Say what is wrong with a draft that is not saved yet."""
        document = _read_body().get("definition")
        if not isinstance(document, dict):
            raise InvalidError({"definition": []})
        return jsonify(editor.judgement(forms.get(key), form_checks.load({**document, "key": key})))

    @expose("/<key>/preview")
    def preview(self, key: str) -> str:
        """Show the draft as those who fill it in would see it."""
        form = forms.get(key)
        return self.page("form_preview.html", form=form, **_preview(key).page_values())

    @expose("/<key>/preview/options")
    def preview_options(self, key: str) -> ResponseReturnValue:
        """Return what a picker of the preview offers."""
        options: ResponseReturnValue = _preview(key).options_view()
        return options

    @expose("/<key>/preview/compute", methods=["POST"])
    def preview_compute(self, key: str) -> ResponseReturnValue:
        """Return what the values in the preview compute to."""
        return _preview(key).computed()

    @expose("/<key>/preview/upload", methods=["POST"])
    def preview_upload(self, key: str) -> ResponseReturnValue:
        """Refuse files: nobody would ever see them."""
        forms.get(key)
        raise InvalidError({"file": [editor.NO_FILES]})

    @expose("/<key>/export.<kind>")
    def export(self, key: str, kind: str) -> ResponseReturnValue:
        """Hand out the definition as a file."""
        if kind not in MIME_TYPES:
            raise NotFoundError
        definition = forms.draft_of(forms.get(key))
        text = (
            definition_files.to_json(definition) if kind == "json" else definition_files.to_yaml(definition)
        )
        disposition = f'attachment; filename="{definition.key}.{kind}"'
        return Response(text, mimetype=MIME_TYPES[kind], headers={"Content-Disposition": disposition})

    @expose("/<key>/import", methods=["POST"])
    def import_file(self, key: str) -> ResponseReturnValue:
        """Take a definition from a file as the draft."""
        try:
            document = _uploaded()
            forms.save_draft(current_actor(), key, document, draft_revision=number("draft_revision"))
            flash(_("The file is now the draft. Nothing is published yet."), "success")
        except (InvalidError, TooLargeError, ConflictError) as error:
            flash(file_refusal(error), "danger")
        return redirect(url_for(".edit", key=key))


def _preview(key: str) -> PreviewScreen:
    return PreviewScreen(forms.draft_of(forms.get(key)))


def _row(form: Form) -> dict[str, Any]:
    definition = forms.draft_of(form)
    label = definition.label.text(current_language()) or form.key
    return {
        "form": form,
        "label": label,
        "group": definition.group,
        "icon": definition.icon if definition.icon in ICONS else "file-text",
        "fields": len(definition.value_fields),
        "records": db()[forms.collection_name(form.key)].estimated_document_count(),
        "retired": bool(form.retired),
        "order": (GROUPS.index(definition.group), label),
    }


def _new_document(values: dict[str, str]) -> dict[str, Any]:
    """Return the first draft of a form. Raises InvalidError."""
    document: dict[str, Any] = _uploaded() if request.files.get("file") else {}
    label = {"zh": values["label_zh"], "en": values["label_en"]}
    if any(label.values()):
        document["label"] = label
    if not document.get("label"):
        raise InvalidError({"label": [editor.NEEDED]})
    document["key"] = values["key"] or document.get("key") or form_checks.suggest_key(values["label_en"])
    if values["group"] in GROUPS:
        document.setdefault("group", values["group"])
    return document


def _uploaded() -> dict[str, Any]:
    file = request.files.get("file")
    return definition_files.read_file(file.read(definition_files.MAX_BYTES + 1) if file else b"")


def _read_body() -> dict[str, Any]:
    if (request.content_length or 0) > definition_files.MAX_BYTES:
        raise TooLargeError(editor.TOO_LARGE)
    return definition_files.read_json(request.get_data(cache=False))
