"""One reported trouble with everything that is true of it before anyone writes a word."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from seed.company import vocabulary
from seed.company.timeline import ZONE, Event
from seed.company.vocabulary import Cause

Raw = dict[str, Any]

DAY = timedelta(days=1)
RECEIVERS = (
    "xie.tingting",
    "dong.weiguo",
    "cao.lei",
    "jiang.yaqin",
    "tang.jiayi",
    "he.junhao",
    "luo.meiling",
)
GRADERS = ("ye.qiuping", "pan.zhenyu", "jin.lihua", "dai.xuefeng")
OWNERS = {
    "SALES": ("tang.jiayi", "he.junhao", "luo.meiling", "peng.yifan"),
    "SERVICE": ("dong.weiguo", "cao.lei", "jiang.yaqin", "deng.shaofeng"),
    "TECH": ("zhong.kaiwen", "tian.siyu", "ren.haoran"),
    "PURCHASE": ("xiong.dawei", "jia.chunlan"),
    "PRODUCTION": ("shao.yong", "meng.xiangrui", "wan.qiaoling"),
}


def day(moment: datetime) -> str:
    """Return the date of a moment where the company is."""
    return moment.astimezone(ZONE).date().isoformat()


@dataclass(frozen=True)
class Step:
    """One save of a sheet: who, when, the values given then, and the step of the workflow that was taken."""

    at: datetime
    by: str
    values: Raw
    take: str = ""


@dataclass
class Incident:
    """What happened to whom with what; every choice comes from the one random source."""

    rng: Random
    event: Event
    customer: Raw
    cause: Cause = field(init=False)
    delivered: int = field(init=False)
    defective: int = field(init=False)
    produced: datetime = field(init=False)
    words: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Settle what later sentences must agree on."""
        rng, event = self.rng, self.event
        self.cause = event.fault.causes[0] if event.is_spike else rng.choice(event.fault.causes)
        self.delivered = rng.choice([12, 20, 30, 48, 60, 100, 120, 200, 300, 500, 800, 1200])
        self.defective = max(1, min(self.delivered, int(rng.expovariate(0.35)) + rng.randrange(2)))
        self.produced = event.at - timedelta(days=rng.randint(25, 420))
        if event.is_spike:  # one batch: made in one month
            self.produced = event.at.astimezone(ZONE).replace(day=1) - timedelta(days=40)
        self.words = {
            "part": self.part(),
            "model": event.product.model,
            "share": str(self.defective),
            "hours": str(rng.choice([8, 15, 20, 30, 45, 60, 80, 120, 180, 260])),
            "batch": f"{self.produced:%y%m}{'B' if event.is_spike else rng.choice('ABC')}",
        }

    def part(self) -> str:
        """Return a part that the fault is about and the product has."""
        lines: dict[str, list[str]] = vocabulary.phrases()["parts_of_lines"]
        line = self.event.product.line
        return self.rng.choice(
            [part for part in self.event.fault.words["parts"] if line in lines.get(part, [line])]
        )

    def damage(self) -> str:
        """Return how a damaged part looks."""
        return str(self.rng.choice(vocabulary.phrases()["damages"][self.event.fault.kind]))

    def pick(self, kind: str) -> str:
        """Return one of the sentences of a kind that fit the fault, filled in."""
        return self.fill(self.rng.choice(self.event.fault.words[kind]))

    def fill(self, text: str) -> str:
        """Put model, part, batch and figures into a sentence."""
        for name, word in self.words.items():
            text = text.replace(f"{{{name}}}", word)
        return text

    def chance(self, share: float) -> bool:
        """Decide something that is true for a share of all incidents."""
        return self.rng.random() < share
