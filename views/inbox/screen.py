"""The one screen at `/inbox/`, put together from its pages."""

from views.admin import Screen
from views.inbox.approving import Approving
from views.inbox.deadlines import DeadlineScreens
from views.inbox.duties import DutyLists
from views.inbox.notices import Notices
from views.inbox.team import TeamScreens


class Inbox(Approving, DeadlineScreens, Notices, TeamScreens, DutyLists, Screen):
    """What a person must do, and what they were told."""

    def __init__(self) -> None:
        super().__init__(name="inbox", endpoint="inbox", url="/inbox")
