"""The first page, the search over everything, and the jobs of whoever is signed in."""

import pytest
from flask.testing import FlaskClient

from models import exports, jobs, records
from models.access import Action
from models.jobs import Job
from models.people import Permission, User
from tests import everything, factories
from tests.factories import field
from tests.pages import assert_safe, open_page
from tests.web import csrf_token, sign_in


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


def only_sees(form: str) -> User:
    return factories.user("narrow", factories.role("narrow", form=form, actions=[Action.SEE]))


# -- the first page -------------------------------------------------------------------------------------


def test_the_first_page_shows_what_a_person_may_see(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    for name in ("lamp", "door"):
        factories.record(live, editor, name=name)
    factories.record(factories.form(key="secret", label={"en": "Secret sheet"}), name="hidden")
    page = open_page(client, "/")
    assert_safe(page)
    tile = page.one("a", css="tile", href="/records/sheet/")
    assert (tile.one(css="tile-value").text, tile.one(css="tile-note").text) == ("2", "2 new in 30 days")
    assert "T-0002 door" in page.text
    sign_in(client, only_sees("sheet"))
    page = open_page(client, "/")
    assert "Secret sheet" not in page.text
    assert "hidden" not in page.text
    assert not [link for link in page.all("a") if link["href"].endswith("/new")]


def test_the_first_page_tells_a_stranger_what_to_do(client: FlaskClient) -> None:
    everything.form()
    sign_in(client, factories.stranger())
    assert "Ask an administrator" in open_page(client, "/").text


def test_the_navigation_names_only_what_opens(client: FlaskClient, editor: User) -> None:
    everything.form()
    for person in (editor, factories.reader(), factories.administrator(), factories.form_maker()):
        sign_in(client, person)
        links = {link["href"] for link in open_page(client, "/").one("nav", css="side-nav").all("a")}
        for link in links:
            assert client.get(link).status_code == 200, (person.username, link)


# -- search ---------------------------------------------------------------------------------------------


def test_the_search_finds_in_every_form_one_may_see(client: FlaskClient, editor: User) -> None:
    factories.record(everything.form(), editor, name="左前大灯总成")
    other = factories.form(field("name", searchable=True), key="parts", label={"en": "Parts"})
    factories.record(other, name="大灯灯泡")
    page = open_page(client, "/search/?q=大灯")
    assert_safe(page)
    assert "左前大灯总成" in page.text
    assert "大灯灯泡" in page.text
    sign_in(client, only_sees("parts"))
    page = open_page(client, "/search/?q=大灯")
    assert "左前大灯总成" not in page.text
    assert "大灯灯泡" in page.text


def test_the_search_leaves_the_bin_out(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    record = factories.record(live, editor, name="lamp")
    records.delete(factories.actor(editor), live, record["_id"], revision=1, reason="twice")
    assert "Nothing matches" in open_page(client, "/search/?q=lamp").text


@pytest.mark.parametrize(
    "words", ["", "%20", "x" * 5000, "%22%7B%24ne", "%F0%9F%98%80", "(a%2B)%2B%24", "%ED%A0%80"]
)
def test_the_search_takes_any_words(client: FlaskClient, editor: User, words: str) -> None:
    everything.form()
    assert client.get(f"/search/?q={words}").status_code == 200


# -- jobs -----------------------------------------------------------------------------------------------


def finished(owner: User) -> Job:
    """Give an export of somebody that is done."""
    everything.form()
    job = jobs.enqueue("export", owner, {"query": {}}, title="Test sheet", form="sheet")
    file = factories.stored(b"content", owner, "表 1.xlsx", "job")
    result = {"rows": 1234, "rights": exports.rights_of(owner, "sheet")}
    job.update(state="done", file=file, file_name="表 1.xlsx", done=1234, total=1234, result=result)
    job.reload()
    return job


def test_an_export_is_downloaded_by_its_owner_alone(client: FlaskClient, editor: User) -> None:
    job = finished(editor)
    page = open_page(client, f"/jobs/{job.id}")
    assert "1,234" in page.text
    answer = client.get(page.one("a", css="btn-primary")["href"])
    assert answer.data == b"content"
    assert "%E8%A1%A8%201.xlsx" in answer.headers["Content-Disposition"]
    assert [link["href"] for link in open_page(client, "/jobs/").one("td", css="cell-key").all("a")] == [
        f"/jobs/{job.id}"
    ]
    for other in (factories.reader(), factories.stranger(), factories.form_maker()):
        sign_in(client, other)
        for path in ("", "/state", "/download"):
            assert client.get(f"/jobs/{job.id}{path}").status_code == 404, (other.username, path)
        assert str(job.id) not in client.get("/jobs/").text


def test_whoever_may_read_all_jobs_still_gets_no_file(client: FlaskClient, editor: User) -> None:
    job = finished(editor)
    permissions = [Permission.JOBS_READ_ALL.value]
    watcher = factories.user(
        "watcher", factories.role("watcher", form="*", actions=["see"], permissions=permissions)
    )
    sign_in(client, watcher)
    page = open_page(client, f"/jobs/{job.id}")
    assert not [link for link in page.all("a") if link["href"].endswith("/download")]
    assert client.get(f"/jobs/{job.id}/download").status_code == 403
    token = csrf_token(client)
    assert client.post(f"/jobs/{job.id}/cancel", data={"csrf_token": token}).status_code == 403


def test_who_lost_the_right_to_export_loses_the_file(client: FlaskClient, editor: User) -> None:
    job = finished(editor)
    editor.roles[0].grants[0].actions.remove("export")
    editor.roles[0].save()
    assert client.get(f"/jobs/{job.id}/download").status_code == 403
    editor.roles[0].grants[0].actions.remove("see")
    editor.roles[0].save()
    assert client.get(f"/jobs/{job.id}/download").status_code == 404


def test_a_waiting_job_is_watched_and_cancelled(client: FlaskClient, editor: User) -> None:
    everything.form()
    job = jobs.enqueue("export", editor, {"query": {}}, title="Test sheet", form="sheet")
    page = open_page(client, f"/jobs/{job.id}")
    [watched] = [one for one in page if "data-poll" in one]
    state = client.get(watched["data-poll"]).get_json()
    assert (state["state"], state["percent"]) == ("queued", 0)
    client.post(f"/jobs/{job.id}/cancel", data={"csrf_token": csrf_token(client)})
    assert client.get(watched["data-poll"]).get_json()["state"] == "cancelled"
    assert client.get(f"/jobs/{job.id}/download").status_code == 404


@pytest.mark.parametrize("job_id", ["nonsense", "f" * 24, "%00", "$ne"])
def test_there_is_no_job_of_a_strange_name(client: FlaskClient, editor: User, job_id: str) -> None:
    for path in ("", "/state", "/download"):
        assert client.get(f"/jobs/{job_id}{path}").status_code == 404
