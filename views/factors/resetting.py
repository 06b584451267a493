"""Taking the factors of somebody away who lost them: for those who administer people."""

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import factors
from models.access import object_id, require_permission
from models.errors import NotFoundError
from models.people import Permission, User
from views.configure.base import attempt
from views.context import require_person
from views.factors.base import blueprint


@blueprint.post("/configure/users/<user_id>/factors/reset")
def reset(user_id: str) -> ResponseReturnValue:
    """Take every factor of a user away and end their sessions."""
    require_permission(require_person(), Permission.CONFIGURE_PEOPLE)
    user = User.objects(id=object_id(user_id)).first()
    if user is None:
        raise NotFoundError
    target = url_for("configure_users.edit", user_id=user_id)
    return attempt(target, _("The second factors are taken away."), factors.reset, require_person(), user)
