"""The workflow designer: states, steps, routing and clocks of a form's draft, checked and tried out."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import definition_files, form_checks, forms
from models.definition import Definition
from models.errors import InvalidError, TooLargeError
from models.messages import Message, _
from views.configure import letters, workflow_data, workflow_trial
from views.configure.publishing import Publishing
from views.context import current_actor

TOO_LARGE: Message = _("This form is too large.")


class WorkflowDesigner(Publishing):
    """The part of the forms' screen that deals with the procedure of a form."""

    @expose("/<key>/workflow")
    def workflow(self, key: str) -> str:
        """Show the designer."""
        form = forms.get(key)
        return self.page(
            "form_workflow.html",
            form=form,
            definition=forms.draft_of(form),
            data=workflow_data.as_json(form),
        )

    @expose("/<key>/workflow/check", methods=["POST"])
    def workflow_check(self, key: str) -> ResponseReturnValue:
        """Say what is wrong with a draft that is not saved yet, and draw it."""
        form = forms.get(key)
        return jsonify(workflow_data.judgement(form, _definition(key, _body())))

    @expose("/<key>/workflow/try", methods=["POST"])
    def workflow_try(self, key: str) -> ResponseReturnValue:
        """Let a sample record go through the draft; nothing is stored."""
        forms.get(key)
        body = _body()
        definition = _definition(key, body)
        return jsonify(workflow_trial.run(current_actor(), definition, body))

    @expose("/<key>/letters/preview", methods=["POST"])
    def letter_preview(self, key: str) -> ResponseReturnValue:
        """Show a letter of a draft on a sample record; nothing is stored."""
        forms.get(key)
        body = _body()
        return jsonify(letters.preview(_definition(key, body), body))


def _body() -> dict[str, Any]:
    if (request.content_length or 0) > definition_files.MAX_BYTES:
        raise TooLargeError(TOO_LARGE)
    return definition_files.read_json(request.get_data(cache=False))


def _definition(key: str, body: dict[str, Any]) -> Definition:
    document = body.get("definition")
    if not isinstance(document, dict):
        raise InvalidError({"definition": []})
    return form_checks.load({**document, "key": key})
