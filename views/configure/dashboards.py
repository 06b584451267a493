"""What stands on the start page of each role: tiles of reports, arranged by dragging or by the keyboard."""

from itertools import zip_longest
from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models.errors import ConflictError, InvalidError, NotFoundError
from models.people import Permission, Role
from models.reports import dashboards, keeping
from models.reports.dashboards import ANALYSIS, EVERYBODY, FIGURE, Tile
from views.configure.base import ConfigureView, said
from views.context import current_language, require_person


class DashboardsView(ConfigureView):
    """Tiles of the start page, by role."""

    permissions: ClassVar = (Permission.CONFIGURE_REPORTS,)
    endpoint_name: ClassVar = "configure_dashboards"
    path: ClassVar = "/configure/dashboards"

    @expose("/")
    def index(self) -> str:
        """List the roles, with how many tiles each has."""
        counts = dashboards.arranged()
        roles = [
            {"key": role.name, "label": role.label.text(current_language()) or role.name}
            for role in Role.objects.order_by("name")
        ]
        return self.page("dashboards.html", roles=roles, counts=counts, everybody=EVERYBODY)

    @expose("/<role>", methods=("GET", "POST"))
    def arrange(self, role: str) -> ResponseReturnValue:
        """Arrange the tiles of a role; what cannot be kept is told, and nothing is lost."""
        label = self._label(role)
        tiles, revision = dashboards.of_role(role)
        error, status = "", 200
        if request.method == "POST":
            tiles, revision = _posted(), request.form.get("revision", 0, type=int)
            try:
                dashboards.save(require_person(), role, tiles, revision=revision)
            except InvalidError as refused:
                error, status = " ".join(said(refused).values()), refused.status
            except ConflictError as refused:
                revision, status = dashboards.of_role(role)[1], refused.status
                error = _("Somebody else arranged these tiles meanwhile. Save again to keep yours.")
            else:
                flash(_("The tiles are arranged."), "success")
                return redirect(url_for(".arrange", role=role))
        page = self.page(
            "dashboard.html",
            role=role,
            label=label,
            tiles=[(tile, _title(tile)) for tile in tiles],
            revision=revision,
            choices=_choices(),
            widths=dashboards.WIDTHS,
            error=error,
        )
        return page, status

    @staticmethod
    def _label(role: str) -> str:
        if role == EVERYBODY:
            return _("Everybody")
        found = Role.objects(name=role).first()
        if found is None:
            raise NotFoundError
        return str(found.label.text(current_language()) or found.name)


def _posted() -> list[Tile]:
    pairs = zip_longest(request.form.getlist("what"), request.form.getlist("width"), fillvalue="")
    read = (Tile.read(what, width) for what, width in pairs)
    return [one for one in read if one is not None]


def _title(tile: Tile) -> str:
    try:
        report = keeping.get(tile.report).definition
    except NotFoundError:
        return tile.what
    return tile.title(report, current_language()) if tile.stands_in(report) else tile.what


def _choices() -> list[dict[str, Any]]:
    """Return what can stand on a start page, by report."""
    language = current_language()
    return [
        {
            "label": one.definition.label.text(language) or one.key,
            "tiles": [
                (tile.what, tile.title(one.definition, language), tile.kind == FIGURE)
                for tile in (
                    *(Tile(one.key, FIGURE, key) for key in one.definition.by_measure),
                    *(Tile(one.key, ANALYSIS, analysis.key) for analysis in one.definition.analyses),
                )
            ],
        }
        for one in keeping.every()
    ]
