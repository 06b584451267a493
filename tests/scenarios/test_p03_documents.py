"""P03 flow d, 外来图纸及文件: registered, handed out, superseded and recalled (P03.62)."""

from typing import Any

from models.database import Document
from tests.scenarios.p03 import one
from tests.scenarios.play import Play
from tests.scenarios.property import data, kept


def drawing(play: Play, revision: str = "A", **values: Any) -> Document:
    """Return the register's record of a drawing that engineering has received."""
    given: dict[str, Any] = {
        "name": "缸体图",
        "kind": "drawing",
        "model": "D-100",
        "item_revision": revision,
        "quantity": 2,
    }
    item = kept(play, "technology_staff", **{**given, **values})
    return play.linked(item, "external_document")


def registered(play: Play, *holders: str, **values: Any) -> Document:
    """Let engineering register a drawing and hand out a copy to each holder."""
    copies = [
        {"copy_number": f"{at:02}", "holder": play.as_(name), "department": play.as_(name).person.department}
        for at, name in enumerate(holders, 1)
    ]
    document = drawing(play, **values)
    return play.as_("technology_staff").take(document, "register", controlled_number="SK-01", copies=copies)


def test_engineering_registers_drawings_that_come_from_the_ledger(company: Play) -> None:
    """P03.62, P03.18: 技术部《外来图纸及文件登记记录表》, filled from the ledger."""
    document = drawing(company)
    held = document["data"]
    assert (held["name"], held["model"], held["item_revision"]) == ("缸体图", "D-100", "A")
    assert held["customer"] == one(company, "customer")["_id"]
    engineer = company.as_("technology_staff")
    assert engineer.owes(document) == ["登记外来图纸或文件"]
    company.as_("sales_staff").cannot(document, "register", controlled_number="SK-01")
    company.later(days=2)
    assert engineer.heard("“图纸文件登记”期限已到")
    assert engineer.lacks(document, "register") == {"controlled_number"}
    document = engineer.take(document, "register", controlled_number="SK-01")
    assert company.state(document) == "valid"
    assert data(company, document)["registered_by"] == engineer.id


def test_documents_kept_by_quality_are_registered_too_and_samples_are_not(company: Play) -> None:
    """P03.62: drawings and documents, whoever keeps them."""
    standard = kept(company, "quality_staff", kind="document", name="材料标准")
    assert company.linked(standard, "external_document")["data"]["name"] == "材料标准"
    assert "external_document" not in data(company, kept(company))


def test_a_superseded_revision_is_withdrawn_when_every_holder_has_confirmed(company: Play) -> None:
    """P03.62: each copy is recalled from its holder; until all confirmed, the revision stays open."""
    old = registered(company, "production_staff", "quality_staff", "purchasing_head")
    engineer = company.as_("technology_staff")
    first = company.now(old)["data"]["item"]
    new = registered(company, revision="B", replaces=first and str(first))
    assert data(company, new)["replaces"] == old["_id"]
    assert engineer.heard("换版并收回分发件")
    company.as_("quality_staff").cannot(old, "supersede", recall_reason="换版")
    old = engineer.take(old, "supersede", recall_reason="换版", superseded_by=new)
    recalls = list(company.form("copy_recall").records().find().sort("_id", 1))
    assert [one["data"]["copy_number"] for one in recalls] == ["01", "02", "03"]
    assert engineer.lacks(old, "withdraw") == {""}
    holders = ("production_staff", "quality_staff", "purchasing_head")
    for holder, recall in zip(holders, recalls, strict=True):
        assert company.as_(holder).owes(recall) == ["停用旧版并确认交回、销毁或删除"]
    engineer.cannot(recalls[0], "confirm", outcome="destroyed")
    company.as_("production_staff").take(recalls[0], "confirm", outcome="handed_back")
    company.as_("quality_staff").take(recalls[1], "confirm", outcome="destroyed")
    company.later(days=3)
    assert company.as_("purchasing_head").heard("收回确认期限已到")
    company.later(days=4)
    assert company.as_("technology_head").heard("逾期 2 个工作日未确认收回")
    buyer = company.as_("purchasing_head")
    assert buyer.lacks(recalls[2], "confirm", outcome="not_found") == {"remark"}
    buyer.take(recalls[2], "confirm", outcome="not_found", remark="离职人员带走")
    assert company.state(recalls[2]) == "missing"
    assert engineer.lacks(old, "withdraw") == {""}
    company.as_("technology_head").take(recalls[2], "write_off", reason="已确认销毁")
    old = engineer.take(old, "withdraw")
    assert company.state(old) == "withdrawn"
    assert data(company, old)["superseded_by"] == new["_id"]
