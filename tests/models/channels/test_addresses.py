"""What an administrator types must not open what only this machine can reach."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from models.channels import addresses
from models.channels.addresses import AddressError
from models.channels.surroundings import Surroundings, set_surroundings, surroundings

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"


@pytest.fixture(autouse=True)
def _nothing_allowed() -> Iterator[None]:
    before = surroundings()
    set_surroundings(Surroundings())
    yield
    set_surroundings(before)


def allow(*hosts: str) -> None:
    set_surroundings(Surroundings(allowed_hosts=addresses.parse(",".join(hosts))))


def resolves_to(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
    """Let every name lead to these numbers."""
    found: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in numbers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_all, **_named: found)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("wecom", WECOM),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=1"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/1"),
        ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/1"),
        ("wecom", "https://QYAPI.weixin.qq.com:443/x"),
    ],
)
def test_a_robot_is_reached_at_its_makers_host(kind: str, address: str) -> None:
    target = addresses.check(kind, address)
    assert (target.scheme, target.port, target.named) == ("https", 443, False)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "qyapi.weixin.qq.com",
        "http://qyapi.weixin.qq.com/",
        "ftp://qyapi.weixin.qq.com/",
        "file:///etc/passwd",
        "https://",
        "https://evil.example.com/?qyapi.weixin.qq.com",
        "https://qyapi.weixin.qq.com.evil.example/",
        "https://qyapi.weixin.qq.com@evil.example/",
        "https://user:word@qyapi.weixin.qq.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://qyapi.weixin.qq.com:99999/",
        "https://qyapi.weixin.qq.com/a b",
        "https://qyapi.weixin.qq.com/a\r\nHost: evil",
        "https://企业微信.example/",
        "https://[::1",
    ],
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        addresses.check("wecom", address)


def test_a_webhook_goes_nowhere_until_the_operator_allows_a_host() -> None:
    for refused in ("", "other.example.com", "*.example.org"):
        allow(refused)
        with pytest.raises(AddressError):
            addresses.check("webhook", "https://erp.example.com/hook")
    for allowed in ("erp.example.com", "*.example.com", "*", "a.b, ERP.example.com:443"):
        allow(allowed)
        assert addresses.check("webhook", "https://erp.example.com/hook").path == "/hook"


def test_only_a_named_host_may_be_without_encryption() -> None:
    allow("*")
    with pytest.raises(AddressError):
        addresses.check("webhook", "http://erp.example.com/")
    allow("erp.example.com")
    assert addresses.check("webhook", "http://erp.example.com/").port == 80


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
    ],
)  # fmt: skip
def test_a_public_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    allow("*")
    target = addresses.check("webhook", "https://erp.example.com/")
    resolves_to(monkeypatch, "8.8.8.8", number)
    with pytest.raises(AddressError):
        target.numbers()
    allow("erp.example.com")
    assert number in addresses.check("webhook", "https://erp.example.com/").numbers()


def test_a_public_number_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "8.8.8.8", "8.8.8.8")
    assert addresses.check("wecom", WECOM).numbers() == ["8.8.8.8"]
