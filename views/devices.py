"""What a browser calls itself, in the two words a person recognises their device by."""

from typing import Final

from flask_babel import gettext as _

# Each browser also names those it wants to be taken for, so the more special come first.
BROWSERS: Final = {
    "wxwork/": "WeCom",
    "MicroMessenger/": "WeChat",
    "DingTalk/": "DingTalk",
    "Lark/": "Feishu",
    "Edg": "Edge",
    "OPR/": "Opera",
    "QQBrowser/": "QQ Browser",
    "HuaweiBrowser/": "Huawei Browser",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
HAND_HELD: Final = ("iPhone", "iPad", "HarmonyOS", "Android")
LONGEST_UNKNOWN: Final = 40


def describe(agent: str) -> str:
    """Return browser and system of a `User-Agent`, such as `Chrome · Windows`."""
    known = [name for name in (_first(BROWSERS, agent), _first(SYSTEMS, agent)) if name]
    return " · ".join(known) or agent.partition("/")[0][:LONGEST_UNKNOWN] or _("Unknown device")


def icon(agent: str) -> str:
    """Return the icon of the kind of device."""
    return "phone" if _first(SYSTEMS, agent) in HAND_HELD else "display"


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for mark, name in names.items() if mark in agent), "")
