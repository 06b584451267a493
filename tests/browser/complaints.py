"""The form that the browser test builds, and the file it imports, read without any code of ours."""

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent.parent / "data" / "nhtsa-complaints.tsv"


class Column(NamedTuple):
    """A column of the file, and the field that an administrator makes for it."""

    caption: str
    kind: str
    zh: str
    en: str
    switches: tuple[str, ...] = ()


COLUMNS = (
    Column("ODINO", "text", "报告编号", "Report number", ("required", "unique")),
    Column("CMPLID", "text", "记录号", "Complaint id"),
    Column("MFR_NAME", "text", "制造商", "Maker", ("searchable", "filterable")),
    Column("MAKETXT", "choice", "品牌", "Make", ("filterable",)),
    Column("MODELTXT", "text", "车型", "Model", ("searchable",)),
    Column("YEARTXT", "integer", "年款", "Model year"),
    Column("CRASH", "boolean", "碰撞", "Crash", ("filterable",)),
    Column("FIRE", "boolean", "起火", "Fire"),
    Column("INJURED", "integer", "受伤人数", "Injured"),
    Column("DEATHS", "integer", "死亡人数", "Deaths"),
    Column("FAILDATE", "date", "故障日期", "Date of failure", ("filterable",)),
    Column("LDATE", "date", "接收日期", "Received on"),
    Column("DATEA", "date", "录入日期", "Filed on"),
    Column("COMPDESC", "text", "部件", "Component", ("searchable", "filterable")),
    Column("CITY", "text", "城市", "City"),
    Column("STATE", "text", "州", "State"),
    Column("MILES", "integer", "里程", "Miles"),
    Column("OCCURENCES", "integer", "发生次数", "Occurrences"),
    Column("CDESCR", "long_text", "描述", "Description", ("searchable",)),
    Column("CMPL_TYPE", "text", "来源", "Source"),
    Column("POLICE_RPT_YN", "boolean", "报警", "Police report"),
    Column("PURCH_DT", "date", "购车日期", "Bought on"),
    Column("ORIG_OWNER_YN", "boolean", "首任车主", "Original owner"),
    Column("ANTI_BRAKES_YN", "boolean", "防抱死", "Anti-lock brakes"),
    Column("CRUISE_CONT_YN", "boolean", "定速巡航", "Cruise control"),
    Column("NUM_CYLS", "integer", "气缸数", "Cylinders"),
    Column("DRIVE_TRAIN", "text", "驱动", "Drive train"),
    Column("FUEL_SYS", "text", "供油", "Fuel system"),
    Column("FUEL_TYPE", "text", "燃料", "Fuel type"),
    Column("TRANS_TYPE", "text", "变速箱", "Transmission"),
    Column("VEH_SPEED", "integer", "车速", "Speed"),
    Column("MANUF_DT", "date", "生产日期", "Made on"),
    Column("SEAT_TYPE", "text", "座椅类型", "Seat type"),
    Column("RESTRAINT_TYPE", "text", "约束类型", "Restraint type"),
    Column("PROD_TYPE", "text", "产品类型", "Product type"),
    Column("MEDICAL_ATTN", "boolean", "就医", "Medical attention"),
    Column("VEHICLES_TOWED_YN", "boolean", "拖车", "Towed"),
)


def source() -> list[dict[str, str]]:
    """Return the rows of the file, in order."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def has_words(row: dict[str, str], *words: str) -> bool:
    """Tell whether all words stand in the columns that are searched."""
    searched = " ".join(row[column.caption] for column in COLUMNS if "searchable" in column.switches)
    return set(words) <= set(re.findall(r"\w+", searched.upper()))


def as_exported(column: Column, text: str) -> object:
    """Return what the cell of a workbook must hold for a cell of the file, by the kind of the field."""
    text = text.strip()
    if not text:
        return None
    if column.kind == "integer":
        return int(text)
    if column.kind == "date":
        return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007  (a day has no zone)
    if column.kind == "boolean":
        return {"Y": "Yes", "N": "No"}[text]
    return text
