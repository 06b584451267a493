"""The columns of a table of people, and by which captions they are recognised."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.messages import LANGUAGES, Message, _, translate

_NOISE = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class PersonColumn:
    """One column: the attribute it fills, its caption, other captions, and what stands in it."""

    key: str
    label: Message
    aliases: tuple[str, ...]
    help: Message


COLUMNS: tuple[PersonColumn, ...] = (
    PersonColumn(
        "username",
        _("User name"),
        ("username", "user", "login", "用户名", "登录名", "账号", "帐号", "工号"),
        _("Small letters, digits, dots, dashes. People sign in with it."),
    ),
    PersonColumn(
        "name", _("Name"), ("name", "full name", "姓名", "名字"), _("As colleagues know the person.")
    ),
    PersonColumn(
        "email",
        _("E-mail"),
        ("email", "mail", "e-mail address", "邮箱", "电子邮件", "电子邮箱"),
        _("May stay empty."),
    ),
    PersonColumn(
        "phone", _("Phone"), ("phone", "mobile", "telephone", "电话", "手机", "手机号"), _("May stay empty.")
    ),
    PersonColumn(
        "department",
        _("Department"),
        ("department", "department code", "部门", "部门代码", "部门编码"),
        _("Code or name of a department that is in use."),
    ),
    PersonColumn(
        "roles",
        _("Roles"),
        ("roles", "role", "角色"),
        _("Keys or names of roles, several separated by commas."),
    ),
    PersonColumn("language", _("Language"), ("language", "语言", "界面语言"), _("zh or en")),
    PersonColumn(
        "timezone", _("Time zone"), ("timezone", "time zone", "时区"), _("For example Asia/Shanghai.")
    ),
    PersonColumn(
        "active", _("Can sign in"), ("active", "enabled", "启用", "可登录", "允许登录"), _("yes or no")
    ),
)
BY_KEY = {column.key: column for column in COLUMNS}


def _plain(caption: str) -> str:
    return _NOISE.sub("", caption.casefold())


_BY_CAPTION = {
    _plain(caption): column.key
    for column in COLUMNS
    for caption in (*column.aliases, *(translate(column.label, language) for language in LANGUAGES))
}


def recognise(header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Return which column of a table holds what, and the captions that mean nothing here.

    Of two columns with the same meaning the first counts.
    """
    captions = {_plain(translate(column.label, one)): column.key for column in COLUMNS for one in LANGUAGES}
    known = _BY_CAPTION | captions  # translations may have come after this module
    places: dict[str, int] = {}
    unknown = []
    for index, caption in enumerate(header):
        key = known.get(_plain(caption))
        if key is None or key in places:
            unknown.append(caption)
        else:
            places[key] = index
    return places, unknown
