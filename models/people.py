"""Who works here: users, their roles, and the tree of departments with heads and deputies."""

import secrets
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    ObjectIdField,
    ReferenceField,
    StringField,
)

from models.messages import DEFAULT_LANGUAGE

DEFAULT_TIMEZONE = "Asia/Shanghai"
_ZONE = ZoneInfo(DEFAULT_TIMEZONE)
USERNAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{1,39}$"


class Permission(StrEnum):
    """What a role may do besides working on forms, as `scope:resource:action`."""

    AUDIT_READ = "audit:all:read"
    CONFIGURE_CALENDARS = "configure:calendars:write"
    CONFIGURE_CHANNELS = "configure:channels:write"
    CONFIGURE_DEPARTMENTS = "configure:departments:write"
    CONFIGURE_FORMS = "configure:forms:write"
    CONFIGURE_PACKS = "configure:packs:write"
    CONFIGURE_PEOPLE = "configure:people:write"
    CONFIGURE_REPORTS = "configure:reports:write"
    CONFIGURE_ROLES = "configure:roles:write"
    JOBS_READ_ALL = "jobs:all:read"
    PEOPLE_PREVIEW = "people:all:preview"
    REPORTS_CLOSE = "reports:all:close"
    REPORTS_REOPEN = "reports:all:reopen"
    RETENTION_MANAGE = "retention:all:manage"
    VIEWS_SHARE = "views:shared:write"


class Action(StrEnum):
    """What a person may do with the records of a form."""

    APPROVE = "approve"
    COMMENT = "comment"
    CONFIGURE = "configure"
    CREATE = "create"
    DELETE = "delete"
    EDIT = "edit"
    EXPORT = "export"
    IMPORT = "import"
    PRINT = "print"
    RESTORE = "restore"
    SEE = "see"
    SHARE = "share"
    TRANSITION = "transition"


class Name(EmbeddedDocument):  # type: ignore[misc]
    """A name in both languages."""

    zh = StringField(default="", max_length=200)
    en = StringField(default="", max_length=200)

    def text(self, language: str) -> str:
        """Return the name in a language, or in the other where that is empty."""
        first, second = (self.en, self.zh) if language == "en" else (self.zh, self.en)
        return str(first or second)

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


class Scope(StrEnum):
    """Which records of a form a grant reaches; what is not `all` never reaches one without a department."""

    ALL = "all"
    OWN = "own"
    ASSIGNED = "assigned"
    DEPARTMENT = "department"
    BELOW = "below"
    RULE = "rule"


class Limit(StrEnum):
    """How a field is closed to people, from the mildest: shown only, shown as a mask, not there at all."""

    READ_ONLY = "read_only"
    MASKED = "masked"
    HIDDEN = "hidden"


EVERY_FORM = "*"
EVERY_FIELD = "*"


class Grant(EmbeddedDocument):  # type: ignore[misc]
    """Actions on the records of one form, or of every form (`*`), that its scope reaches.

    `rule` is the rule tree of the scope `rule`. With `deny` the actions are taken away there, whatever other
    grants give.
    """

    form = StringField(required=True, max_length=60)
    actions = ListField(StringField(max_length=20))
    scope = StringField(choices=[scope.value for scope in Scope], default=Scope.ALL.value)
    rule = DictField()
    deny = BooleanField(default=False)

    def concerns(self, form: str, action: str) -> bool:
        """Tell whether it says anything about an action on a form."""
        return self.form in {form, EVERY_FORM} and action in self.actions


class FieldRule(EmbeddedDocument):  # type: ignore[misc]
    """Fields of a form (`*`: all of them) that a role closes, in some states or (without any) always.

    Another role through which the person sees the record may open them, unless it is a `deny`.
    """

    form = StringField(required=True, max_length=60)
    fields = ListField(StringField(max_length=60))
    limit = StringField(choices=[limit.value for limit in Limit], required=True)
    states = ListField(StringField(max_length=60))
    deny = BooleanField(default=False)

    @property
    def withholds(self) -> bool:
        """Tell whether it keeps values from people, and not only from being written."""
        return bool(self.limit != Limit.READ_ONLY)

    def concerns(self, form: str) -> bool:
        """Tell whether it says anything about a form."""
        return self.form in {form, EVERY_FORM}

    def closes(self, field: str) -> bool:
        """Tell whether a field is among those it closes."""
        return field in self.fields or EVERY_FIELD in self.fields

    def holds_in(self, state: object) -> bool:
        """Tell whether it closes them in a state."""
        return not self.states or state in self.states


class Role(Document):  # type: ignore[misc]
    """A position with rights. `name` is its key; `administrator` may do everything."""

    name = StringField(required=True, unique=True, regex=r"^[a-z][a-z0-9_]*$", max_length=60)
    label = EmbeddedDocumentField(Name, default=Name)
    administrator = BooleanField(default=False)
    demands_factor = BooleanField(default=False)
    """Whether everybody with this role needs a second factor to sign in."""
    permissions = ListField(StringField(choices=[permission.value for permission in Permission]))
    grants = EmbeddedDocumentListField(Grant)
    field_rules = EmbeddedDocumentListField(FieldRule)

    meta: ClassVar[dict[str, Any]] = {"collection": "roles", "auto_create_index": False}

    def allows(self, form: str, action: str) -> bool:
        """Tell whether the role opens an action on any record of a form."""
        return self.administrator or any(
            grant.concerns(form, action) and not grant.deny for grant in self.grants
        )

    def denies(self, form: str, action: str) -> bool:
        """Tell whether the role takes an action away on every record of a form."""
        return any(
            grant.concerns(form, action) and grant.deny and grant.scope == Scope.ALL for grant in self.grants
        )

    def opens_every(self, form: str, action: str) -> bool:
        """Tell whether the role opens an action on every record of a form, whatever is denied of them."""
        return self.administrator or any(
            grant.concerns(form, action) and not grant.deny and grant.scope == Scope.ALL
            for grant in self.grants
        )

    def __str__(self) -> str:
        return str(self.label) or str(self.name)


class Department(Document):  # type: ignore[misc]
    """One node of the company's tree. In use, it is retired, never deleted."""

    code = StringField(required=True, unique=True, regex=r"^[A-Za-z0-9_-]{1,20}$", max_length=20)
    name = EmbeddedDocumentField(Name, default=Name)
    parent = ReferenceField("self")
    head = ObjectIdField()
    deputies = ListField(ObjectIdField())
    calendar = StringField(default="", max_length=60)
    """By which it works; without one, by that of the department above it."""
    order = IntField(default=0)
    retired = BooleanField(default=False)
    merged_into = ObjectIdField()
    """The department that took over everything; it is asked wherever this one is still named."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "departments",
        "auto_create_index": False,
        "ordering": ["order", "code"],
    }

    def __str__(self) -> str:
        return str(self.name) or str(self.code)


class User(Document):  # type: ignore[misc]
    """A person who can sign in. `fs_uniquifier` changes to end every session at once."""

    username = StringField(required=True, unique=True, regex=USERNAME_PATTERN, max_length=40)
    name = StringField(required=True, max_length=80)
    email = StringField(max_length=254, unique=True, sparse=True)
    password = StringField(max_length=255)
    password_must_change = BooleanField(default=False)
    """Whether somebody else knows it, so that the person must choose another before anything else."""
    active = BooleanField(default=True)
    fs_uniquifier = StringField(unique=True, default=lambda: secrets.token_hex(32), max_length=64)
    roles = ListField(ReferenceField(Role))
    department = ReferenceField(Department)
    successor = ObjectIdField()
    """Who is asked instead once this person has left; without one, their deputy or head."""
    phone = StringField(default="", max_length=40)
    language = StringField(choices=["zh", "en"], default=DEFAULT_LANGUAGE)
    timezone = StringField(default=DEFAULT_TIMEZONE, max_length=60)
    theme = StringField(choices=["auto", "light", "dark"], default="auto")
    created_at = DateTimeField()
    current_login_at = DateTimeField()
    last_login_at = DateTimeField()
    current_login_ip = StringField(max_length=64)
    last_login_ip = StringField(max_length=64)
    login_count = IntField(default=0)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "users",
        "auto_create_index": False,
        "ordering": ["username"],
    }

    @property
    def held_roles(self) -> list[Role]:
        """The roles that still exist; one that is gone opens nothing."""
        return [role for role in self.roles if isinstance(role, Role)]

    @property
    def is_administrator(self) -> bool:
        """Tell whether any role makes this person an administrator."""
        return any(role.administrator for role in self.held_roles)

    def may(self, permission: Permission) -> bool:
        """Tell whether any role gives a system permission."""
        return any(role.administrator or permission.value in role.permissions for role in self.held_roles)

    def __str__(self) -> str:
        return str(self.name or self.username)


@dataclass(frozen=True)
class Actor:
    """Who changes something: a person, or the system itself."""

    id: ObjectId | None
    name: str
    department: ObjectId | None = None
    language: str = DEFAULT_LANGUAGE
    timezone: ZoneInfo = _ZONE
    person: User | None = field(default=None, compare=False, repr=False)
    """Whose rights limit what is done; None for the system, which has none to lack."""

    @classmethod
    def of(cls, user: User) -> Self:
        """Return a user as the one who acts."""
        department = user.department.id if user.department else None
        zone = ZoneInfo(str(user.timezone))
        return cls(user.id, str(user), department, str(user.language), zone, user)

    def unbound(self) -> Self:
        """Return the same actor where the program writes in their name: no right of theirs limits it."""
        return replace(self, person=None)

    @classmethod
    def system(cls) -> Self:
        """Return the actor of what nobody asked for by hand: packs, imports at start-up, sweeps."""
        return cls(None, "system")
