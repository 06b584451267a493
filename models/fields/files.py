"""Attachments, images and signatures: references to files that were uploaded before the form was saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypedDict

from bson import ObjectId
from typing_extensions import override

from models.definition import Field, FileKind
from models.errors import ValueProblem
from models.fields.base import ALWAYS, FieldType, Json, ParseContext
from models.fields.dates import DateTime
from models.fields.links import object_id
from models.fields.needs import FormData, Lookup
from models.fields.reading import is_blank
from models.files.kinds import IMAGE_TYPES, KIND_NAMES, kind_of
from models.files.limits import MEGABYTE
from models.messages import _, translate
from models.times import now

FILE_FIELDS = frozenset({"attachment", "image", "signature"})
_RULES = ("required", "readonly", "required_if", "readonly_if")
_MOMENT = DateTime()


class FileValue(TypedDict):
    """A file as a record keeps it; `size` in bytes."""

    file: ObjectId
    name: str
    size: int
    type: str


class SignatureValue(TypedDict):
    """A drawn signature, who drew it and when."""

    file: ObjectId
    by: ObjectId
    at: datetime


def _file_id(raw: object) -> ObjectId:
    found = object_id(raw.get("file") if isinstance(raw, Mapping) else raw)
    if found is None:
        raise ValueProblem(_("Please upload the file first."))
    return found


def _claimable(file_id: ObjectId, context: ParseContext) -> Mapping[str, Any]:
    """Return what is known of a file that this person uploaded and no record has yet."""
    info = context.references.file_info(file_id)
    if info is None or not _is_free(info, context.person):
        raise ValueProblem(_("This file is no longer there. Please upload it again."))
    return info


def _is_free(info: Mapping[str, Any], person: ObjectId | None) -> bool:
    """Tell whether a file waits for a record of this person (the system may take anyone's)."""
    waits = info.get("claimed_by") is None and info.get("purpose", "upload") == "upload"
    return waits and person in {None, info.get("owner")}


@dataclass(frozen=True)
class Kinds:
    """Kinds of files in words."""

    kinds: tuple[FileKind, ...]

    def text(self, language: str, /) -> str:
        """Return their names in a language."""
        return " / ".join(translate(KIND_NAMES[one], language) for one in self.kinds)


def accept(field: Field, name: str, media_type: str) -> None:
    """Refuse a file that a field does not take. Raises ValueProblem.

    Programs and scripts are taken only where the field names them. What may run in a browser (HTML, SVG) is
    taken, because nobody's browser is ever asked to open it: see `views.downloads`.
    """
    kind = kind_of(media_type, name)
    if field.type == "image" and (media_type not in IMAGE_TYPES or kind != "picture"):
        raise ValueProblem(_("“%(name)s” is not an image that can be shown.", name=name))
    if field.accept and kind not in field.accept:
        taken = Kinds(field.accept)
        raise ValueProblem(_("“%(name)s” is not of the kinds taken here: %(kinds)s.", name=name, kinds=taken))
    if kind == "program" and not field.accept:
        raise ValueProblem(_("“%(name)s” is a program or a script; such files are not taken.", name=name))


class Attachment(FieldType[list[FileValue]]):
    """Any files."""

    key = "attachment"
    name = _("Attachments")
    description = _("Files of any kind.")
    icon = "paperclip"
    widget = "files"
    importable = False
    properties: ClassVar[tuple[str, ...]] = (
        *ALWAYS, *_RULES, "in_list", "searchable", "accept", "max_files", "max_megabytes"
    )  # fmt: skip

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: list[FileValue] | None = None
    ) -> list[FileValue] | None:
        given = list(raw) if isinstance(raw, list | tuple) else [raw]
        if len(given) > field.max_files:
            raise ValueProblem(_("At most %(max)s files.", max=field.max_files))
        kept = {one["file"]: one for one in before or ()}
        ids = dict.fromkeys(_file_id(one) for one in given if not is_blank(one))
        return [kept.get(one) or self._claim(field, one, context) for one in ids] or None

    def _claim(self, field: Field, file_id: ObjectId, context: ParseContext) -> FileValue:
        info = _claimable(file_id, context)
        name, size, kind = str(info["name"]), int(info["size"]), str(info.get("type") or "")
        if size > field.max_megabytes * MEGABYTE:
            raise ValueProblem(_("“%(name)s” is larger than %(max)s MB.", name=name, max=field.max_megabytes))
        accept(field, name, kind)
        return {"file": file_id, "name": name, "size": size, "type": kind}

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        raise ValueProblem(_("Files cannot be compared."))

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        return form.getlist(name)

    @override
    def to_json(self, field: Field, value: list[FileValue]) -> Json:
        return [
            {"file": str(one["file"]), "name": one["name"], "size": one["size"], "type": one["type"]}
            for one in value
        ]

    @override
    def display(self, field: Field, value: list[FileValue], lookup: Lookup, language: str) -> str:
        return (", " if language == "en" else "、").join(one["name"] for one in value)

    @override
    def search_text(self, field: Field, value: list[FileValue], lookup: Lookup) -> str:
        return " ".join(one["name"] for one in value)

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        if is_blank(cell):
            return None
        raise ValueProblem(_("Files cannot be imported from a spreadsheet."))


class Image(Attachment):
    """Pictures, shown as such."""

    key = "image"
    name = _("Images")
    description = _("Pictures that are shown on the page.")
    icon = "image"
    widget = "images"
    properties = tuple(name for name in Attachment.properties if name != "accept")


class Signature(FieldType[SignatureValue]):
    """A signature drawn by the person who is signed in."""

    key = "signature"
    name = _("Signature")
    description = _("Drawn by hand; the time and the person are kept with it.")
    icon = "pen"
    widget = "signature"
    importable = False
    properties = (*ALWAYS, *_RULES, "in_list")

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: SignatureValue | None = None
    ) -> SignatureValue | None:
        file_id = _file_id(raw)
        if before and before["file"] == file_id:
            return before
        if context.person is None:
            raise ValueProblem(_("Only a person who is signed in can sign."))
        if _claimable(file_id, context).get("type") != "image/png":
            raise ValueProblem(_("This is not a drawn signature."))
        return {"file": file_id, "by": context.person, "at": now()}

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        raise ValueProblem(_("Files cannot be compared."))

    @override
    def to_json(self, field: Field, value: SignatureValue) -> Json:
        return {"file": str(value["file"]), "by": str(value["by"]), "at": _MOMENT.to_json(field, value["at"])}

    @override
    def display(self, field: Field, value: SignatureValue, lookup: Lookup, language: str) -> str:
        return f"{lookup.person(value['by'])} {_MOMENT.display(field, value['at'], lookup, language)}"

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        if is_blank(cell):
            return None
        raise ValueProblem(_("Files cannot be imported from a spreadsheet."))
