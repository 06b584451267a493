"""From a draft to a version: impact, publishing, the list of versions, and the way back."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import forms, impact
from models.access import sees_all
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError
from models.form_changes import compare
from models.forms import Form
from views.configure.base import ConfigureView, attempt, posted
from views.configure.wording import Wording
from views.context import current_actor, current_language, require_person, say

MAX_NOTE = 2000


class Publishing(ConfigureView):
    """The part of the forms' screen that deals with versions."""

    @expose("/<key>/impact")
    def impact(self, key: str) -> ResponseReturnValue:
        """Show what publishing the draft would do."""
        form = forms.get(key)
        if not form.has_draft:
            return redirect(url_for(".edit", key=key))
        return self._show_impact(form, {})

    @expose("/<key>/publish", methods=["POST"])
    def publish(self, key: str) -> ResponseReturnValue:
        """Put the draft in force."""
        form = forms.get(key)
        note = posted("note", MAX_NOTE)[:MAX_NOTE]
        try:
            live = impact.publish(current_actor(), key, draft_revision=number("draft_revision"), note=note)
        except InvalidError as error:
            return self._show_impact(form, error.errors), error.status
        except ConflictError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".edit", key=key))
        flash(_("Version %(version)s is in force.", version=live.version), "success")
        return redirect(url_for(".versions", key=key))

    @expose("/<key>/versions")
    def versions(self, key: str) -> str:
        """List every version and show what changed between two of them."""
        form, listed = forms.get(key), forms.versions(key)
        known = [one.version for one in listed]
        after = _chosen("after", known, form.version)
        before = _chosen("before", known, after - 1)
        return self.page(
            "form_versions.html",
            form=form,
            definition=forms.draft_of(form),
            listed=listed,
            after=after,
            before=before,
            difference=_difference(key, before, after),
            wording=Wording(forms.draft_of(form), current_language()),
        )

    @expose("/<key>/roll-back", methods=["POST"])
    def roll_back(self, key: str) -> ResponseReturnValue:
        """Publish an earlier version again."""
        form, version = forms.get(key), number("version")
        if version not in {one.version for one in forms.versions(key)} or version == form.version:
            raise NotFoundError
        done = _("Version %(version)s is in force again, as a new version.", version=version)
        return attempt(url_for(".versions", key=key), done, impact.roll_back, current_actor(), key, version)

    @expose("/<key>/discard", methods=["POST"])
    def discard(self, key: str) -> ResponseReturnValue:
        """Throw the draft away."""
        revision = number("draft_revision")
        done = _("The draft is discarded.")
        return attempt(url_for(".edit", key=key), done, forms.discard_draft, key, draft_revision=revision)

    @expose("/<key>/retire", methods=["POST"])
    def retire(self, key: str) -> ResponseReturnValue:
        """Take a form out of use, or back."""
        retired = request.form.get("retired") == "1"
        forms.get(key)
        done = _("The form is retired.") if retired else _("The form is in use again.")
        return attempt(url_for(".edit", key=key), done, forms.retire, key, retired=retired)

    @expose("/<key>/delete", methods=["POST"])
    def delete(self, key: str) -> ResponseReturnValue:
        """Delete a form that was never used."""
        forms.get(key)
        try:
            forms.delete(key)
        except DomainError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".edit", key=key))
        flash(_("The form is deleted."), "success")
        return redirect(url_for(".index"))

    def _show_impact(self, form: Form, refused: dict[str, list[Any]]) -> str:
        found = impact.impact(form.key)
        definition = forms.draft_of(form)
        shown = [(problem.path, say(problem.message)) for problem in found.problems]
        shown += [(path, say(text)) for path, texts in refused.items() for text in texts]
        return self.page(
            "form_impact.html",
            form=form,
            definition=definition,
            impact=found,
            may_see=sees_all(require_person(), form.key),
            problems=list(dict.fromkeys(shown)),
            wording=Wording(definition, current_language()),
        )


def number(name: str) -> int:
    """Return a posted whole number, -1 where there is none."""
    text = posted(name, 10)
    return int(text) if text.isascii() and text.isdigit() else -1


def _chosen(name: str, known: list[int], otherwise: int) -> int:
    text = request.args.get(name, "")
    chosen = int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else otherwise
    return chosen if chosen in known else (otherwise if otherwise in known else 0)


def _difference(key: str, before: int, after: int) -> Any:  # noqa: ANN401  (a Difference or nothing)
    if not after:
        return None
    first = forms.at_version(key, before).definition if before else None
    return compare(first, forms.at_version(key, after).definition)
