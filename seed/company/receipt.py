"""What is written on a sheet when it comes in."""

from datetime import timedelta

from seed.company import vocabulary
from seed.company.deliveries import plant
from seed.company.incident import Incident, Raw, day
from seed.company.partners import To, person_name, phone

FAULTY = frozenset({"complaint", "quality_information"})


def enquiry(told: Incident) -> tuple[str, str]:
    """Return a question and its answer."""
    entries = vocabulary.phrases()["enquiries"]
    question, answer = entries[told.event.at.toordinal() % len(entries)]
    return told.fill(question), told.fill(answer)


def received(told: Incident, receiver: str) -> Raw:
    """Return the values of the first save."""
    values: Raw = {
        "kind": told.event.kind,
        "channel": told.rng.choices(
            ["hotline", "phone", "wechat", "email", "on_site", "visit", "website", "letter", "fax"],
            [30, 20, 18, 12, 8, 5, 4, 2, 1],
        )[0],
        "received_at": told.event.at.isoformat(),
        "received_by": To("person", receiver),
        "customer": To("customer", told.customer["code"]),
        "plant": plant(told.customer, told.event.product.code),
        "source": {"oem": "plant", "end_user": "end_user"}.get(told.customer["kind"], "service_partner"),
        "complainant": person_name(told.rng),
        "contact": told.customer["contact"],
        "phone": phone(told.rng),
        "product": To("product", told.event.product.code),
        "model": told.event.product.model,
        "information_complete": True,
    }
    return {**values, **(_problem(told) if told.event.kind in FAULTY else _question(told))}


def _question(told: Incident) -> Raw:
    if told.event.kind == "enquiry":
        question, _answer = enquiry(told)
        return {"subject": question, "description": f"{_opening(told)}{question}。"}
    wish = told.fill(told.rng.choice(vocabulary.phrases()["suggestions"]))
    return {"subject": wish, "description": f"{_opening(told)}{wish}。", "customer_advice": wish}


def _opening(told: Incident) -> str:
    return str(told.rng.choice(vocabulary.phrases()["openings"]))


def _problem(told: Incident) -> Raw:
    shipped = told.produced + timedelta(days=told.rng.randint(3, 15))
    values: Raw = {
        "subject": told.pick("subjects"),
        "complaint_about": _about(told),
        "fault_kind": told.event.fault.kind,
        "problem_type": To("problem_type", told.event.fault.problem_type),
        "machine_number": _machine_number(told),
        "serial_number": f"SN{told.produced:%y%m%d}{told.rng.randrange(100_000):05}",
        "batch": told.words["batch"],
        "produced_on": day(told.produced),
        "shipped_on": day(shipped),
        "delivered_on": (shipped + timedelta(days=told.rng.randint(2, 7))).date().isoformat(),
        "hours_in_use": int(told.words["hours"]),
        "quantity_delivered": told.delivered,
        "quantity_defective": told.defective,
        "occurred_at": (told.event.at - timedelta(hours=told.rng.randint(2, 96))).isoformat(),
        "safety_risk": told.event.fault.safety,
        "description": _description(told),
        "scene": told.pick("scenes"),
        "environment": _environment(told),
        "damaged_parts": _parts(told),
    }
    if told.event.kind == "complaint":
        values |= _demands(told)
    else:
        values.pop("complaint_about")
    return values


def _machine_number(told: Incident) -> str:
    code = told.event.product.code.replace("-", "")
    return f"{code}{told.produced:%y%m}{told.rng.randrange(10_000):04}"


def _about(told: Incident) -> str:
    return {"service": "service", "shortage": "delivery"}.get(told.event.fault.kind, "product")


def _description(told: Incident) -> str:
    closing = str(told.rng.choice(vocabulary.phrases()["closings"]))
    product = told.event.product
    parts = [
        f"{_opening(told)}{product.name}（{product.model}，批次 {told.words['batch']}）",
        f"{told.pick('phenomena')}，{told.pick('conditions')}。",
        f"{told.pick('checked')}。交付 {told.delivered}，不良 {told.defective}。",
        closing,
    ]
    return "".join(parts)


def _environment(told: Incident) -> list[str]:
    month = told.event.at.month
    season = ["hot"] if month in {6, 7, 8} else ["cold"] if month in {12, 1, 2} else []
    return [
        *season,
        told.rng.choice(["indoor", "outdoor", "outdoor"]),
        *told.rng.choices(["humid", "dusty"], k=1),
    ]


def _parts(told: Incident) -> list[Raw]:
    names = dict.fromkeys([told.words["part"], told.part()])
    return [
        {
            "part": name,
            "part_number": f"{told.event.product.line[:2].upper()}-{told.rng.randint(1000, 9999)}",
            "quantity": told.defective if position == 0 else 1,
            "damage": told.damage(),
            "disposition": told.rng.choices(["replace", "repair", "rework", "scrap"], [6, 2, 1, 2])[0],
        }
        for position, name in enumerate(names)
    ]


def _demands(told: Incident) -> Raw:
    possible = ["on_site", "supplement", "exchange", "return", "claim", "penalty", "explanation"]
    demands = set(told.rng.choices(possible, [30, 14, 22, 8, 7, 2, 18], k=told.rng.choice([1, 1, 2, 2, 3])))
    wanted = told.event.at + timedelta(days=told.rng.randint(2, 10))
    return {
        "demands": sorted(demands),
        "reply_wanted_on": day(wanted),
        "report_wanted": told.chance(0.15),
    }
