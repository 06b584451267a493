"""The small parts of an Excel workbook: which sheets it has, where they are, what its styles mean."""

import posixpath
from dataclasses import dataclass, field
from zipfile import ZipFile

from models.messages import _
from models.spreadsheets.number_kinds import NumberKind, number_kind
from models.spreadsheets.table import UnreadableFileError, damaged
from models.spreadsheets.xml_events import Attributes, Events, natural
from models.spreadsheets.zip_guard import read_part

MAX_SHEETS = 500
MAX_STYLES = 100_000
_OFFICE = "/officeDocument"
_SHEET = "/worksheet"
_PACKAGE = ("http://schemas.openxmlformats.org/package/2006/relationships",)
_RELATION_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """One part's reference to another."""

    kind: str
    target: str


@dataclass(slots=True)
class Structure:
    """What a workbook consists of; sheets are parts by name."""

    sheets: dict[str, str] = field(default_factory=dict)
    texts: str = ""
    kinds: list[NumberKind] = field(default_factory=list)
    from_1904: bool = False


def read_structure(archive: ZipFile) -> Structure:
    """Read the structure of a workbook. Raises UnreadableFileError for what is none, and for macros."""
    _refuse_macros(archive)
    office = next((one for one in _relations(archive, "").values() if one.kind.endswith(_OFFICE)), None)
    content = read_part(archive, office.target) if office else None
    if office is None or content is None:
        raise UnreadableFileError(_("This is not an Excel workbook."))
    relations = _relations(archive, office.target)
    structure = Structure(texts=_target(relations, "/sharedStrings"))
    _read_workbook(content, relations, structure)
    if not structure.sheets:
        raise UnreadableFileError(_("The workbook has no sheet that could be read."))
    styles = read_part(archive, _target(relations, "/styles"))
    if styles is not None:
        structure.kinds = _Styles().read(styles)
    return structure


def _refuse_macros(archive: ZipFile) -> None:
    types = read_part(archive, "[Content_Types].xml") or b""
    if b"macroenabled" in types.lower() or any(
        name.lower().endswith("vbaproject.bin") for name in archive.namelist()
    ):
        raise UnreadableFileError(_("The workbook contains macros. Please save it as .xlsx without them."))


def _target(relations: dict[str, Relation], kind: str) -> str:
    return next((one.target for one in relations.values() if one.kind.endswith(kind)), "")


def _relations(archive: ZipFile, part: str) -> dict[str, Relation]:
    """Return what a part refers to, by id; the package itself is the part without a name."""
    folder, base = posixpath.split(part)
    content = read_part(archive, posixpath.join(folder, "_rels", f"{base}.rels"))
    found: dict[str, Relation] = {}

    def relate(attributes: Attributes) -> None:
        if attributes.get("TargetMode") != "External" and len(found) < MAX_SHEETS * 4:
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = Relation(attributes.get("Type", ""), target)

    if content is not None:
        Events({"Relationship": relate}, spaces=_PACKAGE).feed(content, last=True)
    return found


def _read_workbook(content: bytes, relations: dict[str, Relation], structure: Structure) -> None:
    """Find the sheets that a person sees, and the calendar."""
    hidden: dict[str, str] = {}

    def properties(attributes: Attributes) -> None:
        structure.from_1904 = attributes.get("date1904") in {"1", "true"}

    def sheet(attributes: Attributes) -> None:
        relation = relations.get(next((attributes[one] for one in _RELATION_IDS if one in attributes), ""))
        if relation is None or not relation.kind.endswith(_SHEET):
            return
        if len(structure.sheets) + len(hidden) >= MAX_SHEETS:
            raise UnreadableFileError(_("The file contains too many parts."))
        seen = attributes.get("state", "visible") == "visible"
        (structure.sheets if seen else hidden)[attributes.get("name", "")] = relation.target

    Events({"workbookPr": properties, "sheet": sheet}).feed(content, last=True)
    structure.sheets = structure.sheets or hidden


class _Styles:
    """Reads what each cell style says about numbers."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._known: dict[int, NumberKind] = {}
        self._kinds: list[NumberKind] = []
        self._inside = False

    def read(self, content: bytes) -> list[NumberKind]:
        start = {"numFmt": self._code, "cellXfs": self._begin, "xf": self._style}
        Events(start, {"cellXfs": self._end}).feed(content, last=True)
        return self._kinds

    def _code(self, attributes: Attributes) -> None:
        if len(self._codes) < MAX_STYLES:
            self._codes[natural(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")

    def _begin(self, _attributes: Attributes) -> None:
        self._inside = True

    def _end(self) -> None:
        self._inside = False

    def _style(self, attributes: Attributes) -> None:
        if not self._inside:
            return
        if len(self._kinds) >= MAX_STYLES:
            raise damaged()
        identifier = natural(attributes.get("numFmtId", "0"))
        if identifier not in self._known:
            self._known[identifier] = number_kind(identifier, self._codes.get(identifier))
        self._kinds.append(self._known[identifier])
