from concurrent.futures import ThreadPoolExecutor

import pytest

from models import accounts, edits, passwords
from models.errors import ConflictError, ForbiddenError, InUseError, InvalidError
from models.people import Name, Permission, Role, User
from tests import factories

pytestmark = pytest.mark.usefixtures("db")


def people_keeper() -> User:
    permissions = [Permission.CONFIGURE_PEOPLE.value, Permission.CONFIGURE_ROLES.value]
    return factories.user("keeper", factories.role("keeper", permissions=permissions))


def save(person: User, user: User, **changes: object) -> User:
    seen = edits.stamp(user, accounts.USER_ATTRIBUTES)
    for name, value in changes.items():
        setattr(user, name, value)
    accounts.save_user(person, user, seen=seen)
    stored: User = User.objects.get(id=user.id)
    return stored


def save_role(person: User, role: Role, **changes: object) -> None:
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    for name, value in changes.items():
        setattr(role, name, value)
    accounts.save_role(person, role, seen=seen)


def refused(error: pytest.ExceptionInfo[InvalidError]) -> list[str]:
    return sorted(error.value.errors)


def test_a_new_user_signs_in_with_the_password_that_is_shown_once() -> None:
    made = accounts.create_user(factories.administrator(), User(username="new", name="New"))
    stored = User.objects.get(username="new")
    assert passwords.verify_password(made.text, stored.password)
    assert stored.created_at is not None


def test_whoever_may_not_administer_people_makes_none() -> None:
    with pytest.raises(ForbiddenError):
        accounts.create_user(factories.form_maker(), User(username="new", name="New"))


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"username": "X Y"}, ["username"]),
        ({"name": " "}, ["name"]),
        ({"email": "nonsense"}, ["email"]),
        ({"timezone": "Moon/Crater"}, ["timezone"]),
        ({"language": "fr"}, ["language"]),
    ],
)
def test_what_cannot_be_stored_is_marked(changes: dict[str, str], marked: list[str]) -> None:
    with pytest.raises(InvalidError) as error:
        save(factories.administrator(), factories.reader(), **changes)
    assert refused(error) == marked


def test_a_user_name_that_is_taken_is_marked() -> None:
    factories.editor()
    with pytest.raises(InvalidError) as error:
        save(factories.administrator(), factories.reader(), username="editor")
    assert refused(error) == ["username"]


def test_two_users_without_an_e_mail_address_are_no_conflict() -> None:
    administrator = factories.administrator()
    save(administrator, factories.reader(), email="one@example.com")
    save(administrator, factories.reader(), email=None)
    save(administrator, factories.editor(), email=None)


def test_disabling_someone_ends_their_sessions() -> None:
    reader = factories.reader()
    before = reader.fs_uniquifier
    stored = save(factories.administrator(), reader, active=False)
    assert (stored.active, stored.fs_uniquifier != before) == (False, True)


def test_nobody_disables_or_demotes_themselves() -> None:
    administrator = factories.administrator()
    factories.user("second", factories.role("administrator"))
    with pytest.raises(InvalidError) as error:
        save(administrator, User.objects.get(id=administrator.id), active=False, roles=[])
    assert refused(error) == ["active", "roles"]


def test_the_last_administrator_stays() -> None:
    administrator = factories.administrator()
    with pytest.raises(InvalidError) as error:
        save_role(administrator, Role.objects.get(name="administrator"), administrator=False)
    assert refused(error) == ["roles"]
    assert Role.objects.get(name="administrator").administrator


def test_two_administrators_cannot_remove_each_other_at_once() -> None:
    first = factories.administrator()
    second = factories.user("second", factories.role("administrator"))
    seen = {user.id: edits.stamp(user, accounts.USER_ATTRIBUTES) for user in (first, second)}

    def disable(pair: tuple[User, User]) -> bool:
        person, other = pair
        target = User.objects.get(id=other.id)
        target.active = False
        try:
            accounts.save_user(person, target, seen=seen[target.id])
        except InvalidError:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(disable, [(first, second), (second, first)]))
    assert sorted(done) == [False, True]
    assert User.objects(active=True, roles=factories.role("administrator")).count() == 1


def test_only_an_administrator_touches_an_administrator() -> None:
    keeper, administrator = people_keeper(), factories.administrator()
    with pytest.raises(ForbiddenError):
        accounts.reset_password(keeper, administrator)
    with pytest.raises(ForbiddenError):
        save(keeper, administrator, name="Other")


def test_nobody_gives_a_role_with_rights_they_do_not_have() -> None:
    keeper = people_keeper()
    for role in (factories.role("boss", administrator=True), factories.form_maker().roles[0]):
        with pytest.raises(InvalidError) as error:
            save(keeper, factories.reader(), roles=[role])
        assert refused(error) == ["roles"]


def test_nobody_writes_rights_into_a_role_that_they_do_not_have() -> None:
    keeper = people_keeper()
    for changes, marked in (
        ({"permissions": [Permission.CONFIGURE_FORMS.value]}, ["permissions"]),
        ({"administrator": True}, ["administrator"]),
    ):
        with pytest.raises(InvalidError) as error:
            save_role(keeper, factories.role("plain"), **changes)
        assert refused(error) == marked
    save_role(keeper, factories.role("other"), permissions=[Permission.CONFIGURE_PEOPLE.value])


def test_a_role_somebody_has_is_not_deleted() -> None:
    administrator, reader = factories.administrator(), factories.reader()
    with pytest.raises(InUseError):
        accounts.delete_role(administrator, reader.roles[0])
    unused = factories.role("unused")
    accounts.delete_role(administrator, unused)
    assert Role.objects(name="unused").first() is None


def test_whoever_saves_second_is_told() -> None:
    administrator = factories.administrator()
    first, second = factories.reader(), factories.reader()
    seen = edits.stamp(second, accounts.USER_ATTRIBUTES)
    save(administrator, first, phone="1")
    second.phone = "2"
    with pytest.raises(ConflictError):
        accounts.save_user(administrator, second, seen=seen)
    assert User.objects.get(id=second.id).phone == "1"


def test_a_sign_in_meanwhile_is_no_conflict() -> None:
    reader = factories.reader()
    seen = edits.stamp(reader, accounts.USER_ATTRIBUTES)
    User.objects(id=reader.id).update_one(inc__login_count=1)
    reader.name = "Renamed"
    accounts.save_user(factories.administrator(), reader, seen=seen)
    stored = User.objects.get(id=reader.id)
    assert (stored.name, stored.login_count) == ("Renamed", 1)


def test_a_new_role_needs_a_name() -> None:
    with pytest.raises(InvalidError) as error:
        accounts.save_role(factories.administrator(), Role(name="x", label=Name()), seen="")
    assert refused(error) == ["label"]
