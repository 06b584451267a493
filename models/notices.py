"""A person's notices as they may still read them: what a record was called is told while they may see it."""

from collections.abc import Sequence

from models import duties
from models.database import Document
from models.lookups import UNSEEN
from models.messages import LANGUAGES, translate
from models.people import User


def readable(person: User, found: Sequence[Document]) -> list[Document]:
    """Return notices without title, text and address where the person may not see the record any more."""
    about = [one for one in found if one.get("form") and one.get("record")]
    seen = duties.visible_records(person, about)
    withheld = {one["_id"] for one in about if one["record"] not in seen}
    unseen = {language: translate(UNSEEN, language) for language in LANGUAGES}
    return [
        {**one, "title": unseen, "text": "", "url": ""} if one["_id"] in withheld else one for one in found
    ]
