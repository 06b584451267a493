"""The step after the password: a code, a key or a recovery code; or getting a factor that a role demands."""

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from models import factors
from models.errors import InvalidError, LockedError
from models.factors import Wanted, keys
from models.people import User
from views.factors import holder
from views.factors.base import blueprint, keys_work, prove_posted, refusals, site


@blueprint.route("/login/factor", methods=["GET", "POST"])
def step() -> ResponseReturnValue:
    """Ask whoever knows the password for their second factor."""
    waiting = holder.pending()
    if waiting is None:
        return redirect(url_for("security.login"))
    wanted = factors.wanted(waiting.person)
    if wanted is Wanted.ENROLMENT:
        return render_template("factors/needed.html", keys_work=keys_work())
    if wanted is Wanted.NOTHING:  # what was demanded is demanded no more
        return redirect(holder.finish(waiting, "nothing"))
    if request.method == "GET":
        return show_proof("factors/step.html", waiting.person)
    try:
        by = prove_posted(waiting.person)
    except (InvalidError, LockedError) as error:
        return show_proof("factors/step.html", waiting.person, error)
    return redirect(holder.finish(waiting, by))


@blueprint.post("/login/factor/cancel")
def cancel() -> ResponseReturnValue:
    """Forget the password that was right, and let somebody else sign in."""
    if holder.pending() is not None:
        session.clear()
    return redirect(url_for("security.login"))


def show_proof(
    template: str, person: User, error: InvalidError | LockedError | None = None
) -> ResponseReturnValue:
    """Show a page that asks for one of a person's factors, with what was wrong last time."""
    asked = keys.ask(person, site()) if keys_work() and factors.has_key(person) else None
    kinds = {one.kind for one in factors.of_person(person)}
    page = render_template(
        template,
        question=asked,
        kinds=kinds,
        refused=refusals(error) if error else {},
        codes_left=factors.codes_left(person),
        has_password=bool(person.password),
    )
    return page, error.status if error else 200
