"""The screens of one form in one version, carried by Flask-Admin's model view."""

from typing import TYPE_CHECKING

from models.forms import LiveForm
from views.records.approvals import ApprovalPanel
from views.records.base import FormScreen
from views.records.belongings import PropertyPanel
from views.records.bulk import BulkActions
from views.records.change import ChangeScreens
from views.records.deadlines import DeadlinePanel
from views.records.detail import DetailScreens
from views.records.files import FileScreens
from views.records.helpers import TemplateHelpers
from views.records.importing import ImportScreens
from views.records.kanban import KanbanScreens
from views.records.letters import LetterScreens
from views.records.lists import ListScreens
from views.records.lookups import LookupScreens
from views.records.moves import MoveScreens
from views.records.sharing import SharingScreens

if TYPE_CHECKING:
    from views.records.hub import RecordsHub


class RecordScreen(
    BulkActions,
    KanbanScreens,
    ListScreens,
    MoveScreens,
    ApprovalPanel,
    PropertyPanel,
    FileScreens,
    SharingScreens,
    LetterScreens,
    DetailScreens,
    DeadlinePanel,
    ChangeScreens,
    LookupScreens,
    ImportScreens,
    TemplateHelpers,
    FormScreen,
):
    """List, detail, create, edit, bulk and helper routes of one form.

    Flask-Admin's own write paths are closed here (they know nothing of revisions, rules and history):
    everything goes through `models.records`.
    """

    def __init__(self, form: LiveForm, hub: "RecordsHub") -> None:
        self.form = form
        self.admin = hub.admin
        super().__init__(LiveForm, name=form.key, endpoint="records", url=hub.url)
        self.admin, self.blueprint, self.menu = hub.admin, hub.blueprint, hub.menu
