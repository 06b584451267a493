"""Opens an uploaded file as a table, or says in plain words why it cannot."""

from collections.abc import Callable
from pathlib import Path, PurePath

from models.messages import Message, _
from models.spreadsheets.csv_reader import CsvSource
from models.spreadsheets.table import Table, UnreadableFileError
from models.spreadsheets.xlsx_reader import XlsxSource
from models.spreadsheets.xml_events import no_tick

EXTENSIONS = (".xlsx", ".csv", ".tsv", ".txt")
_ZIP = b"PK\x03\x04"
_OLD = bytes.fromhex("D0CF11E0A1B11AE1")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_MACROS = frozenset({".xlsm", ".xltm", ".xlam"})
_RELATIVES = frozenset({".xls", ".xlsb", ".xlt", ".xltx", ".ods", ".fods", ".numbers", ".et", ".wps"})
_BLOCK = 1024 * 1024


def open_table(path: Path, filename: str, tick: Callable[[], None] = no_tick) -> Table:
    """Open a file as a table; `tick` is called now and then while it is read.

    Args:
        path: where it lies.
        filename: what the sender calls it; its ending must fit its content.
        tick: may raise, to stop.

    Raises:
        UnreadableFileError: it is none of .xlsx, .csv, .tsv, or hostile, or damaged.
    """
    extension = PurePath(filename).suffix.lower()
    with path.open("rb") as file:
        head = file.read(len(_OLD))
    for check in (_wrong_ending, _wrong_content):
        if problem := check(path, head, extension):
            raise UnreadableFileError(problem)
    if extension == ".xlsx":
        return Table(XlsxSource(path, tick))
    return Table(CsvSource(path, extension, PurePath(filename).stem or extension, tick))


def _wrong_ending(_path: Path, head: bytes, extension: str) -> Message | None:
    """Say what kind of file is expected, if this is none."""
    if extension in _MACROS:
        return _("The workbook contains macros. Please save it as .xlsx without them.")
    if extension in _RELATIVES and head != _OLD:
        return _("This kind of workbook cannot be read. Please save it as .xlsx.")
    if extension not in EXTENSIONS and extension not in _RELATIVES:
        return _("Only .xlsx, .csv and .tsv files can be imported.")
    return None


def _wrong_content(path: Path, head: bytes, extension: str) -> Message | None:
    """Say why the content does not fit the name of the file, if so."""
    if not head:
        return _("The file is empty.")
    if head == _OLD:
        return _old_office(path)
    if head.startswith(_ZIP) != (extension == ".xlsx"):
        return _("The content of the file is not what its name says. Please save it as .xlsx or .csv.")
    return None


def _old_office(path: Path) -> Message:
    """Tell a locked workbook from one of before 2007."""
    before = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if _LOCKED in before + block:
                return _("The file is locked with a password. Please save it without one.")
            before = block[-len(_LOCKED) :]
    return _("This kind of workbook cannot be read. Please save it as .xlsx.")
