"""Pages as a browser reads them: elements, texts, and what a form would send."""

from collections.abc import Iterator
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "use", "wbr"})
UNSENT = frozenset({"button", "submit", "reset", "image", "file"})
Attributes = dict[str, str]


class Element:
    """One element of a page."""

    def __init__(self, tag: str, attributes: Attributes, parent: "Element | None" = None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def __iter__(self) -> Iterator["Element"]:
        """Run through every element below, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    @property
    def text(self) -> str:
        """Its text, blanks made one."""
        return " ".join(self.raw_text.split())

    @property
    def raw_text(self) -> str:
        if self.tag == "br":
            return "\n"
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.children)

    def all(self, tag: str = "", css: str = "", **wanted: str) -> list["Element"]:
        """Return the elements with a tag, a class and attributes (`data_x` is `data-x`)."""
        names = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            one
            for one in self
            if (not tag or one.tag == tag)
            and (not css or css in one.attributes.get("class", "").split())
            and all(one.attributes.get(name) == value for name, value in names.items())
        ]

    def one(self, tag: str = "", css: str = "", **wanted: str) -> "Element":
        """Return the only such element."""
        found = self.all(tag, css, **wanted)
        assert len(found) == 1, (len(found), tag, css, wanted)
        return found[0]

    def inside(self, tag: str) -> bool:
        """Tell whether an element of a kind is above it."""
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))

    def sent(self) -> MultiDict[str, str]:
        """Return what a browser sends when this form is submitted as it is."""
        return MultiDict(pair for control in self for pair in _sent_by(control))


def _sent_by(control: Element) -> Iterator[tuple[str, str]]:
    name = control.attributes.get("name")
    if not name or "disabled" in control or control.inside("template"):
        return
    if control.tag == "textarea":
        yield name, control.raw_text.removeprefix("\n").replace("\n", "\r\n")
    elif control.tag == "select":
        yield from ((name, value) for value in _chosen(control))
    elif control.tag == "input":
        kind = control.attributes.get("type", "text")
        ticked = kind not in {"checkbox", "radio"} or "checked" in control
        if ticked and kind not in UNSENT:
            yield name, control.attributes.get("value", "on" if kind == "checkbox" else "")


def _chosen(select: Element) -> list[str]:
    options = select.all("option")
    chosen = [option for option in options if "selected" in option]
    if not chosen and "multiple" not in select:
        chosen = options[:1]
    values = [option.attributes.get("value", option.text) for option in chosen]
    return values if "multiple" in select else values[-1:]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.current = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.current)
        self.current.children.append(element)
        if tag not in VOID:
            self.current = element

    def handle_endtag(self, tag: str) -> None:
        above: Element | None = self.current
        while above is not None and above.tag != tag:
            above = above.parent
        if above is not None and above.parent is not None:
            self.current = above.parent

    def handle_data(self, data: str) -> None:
        self.current.children.append(data)


def read(html: str) -> Element:
    """Return a page's elements."""
    reader = _Reader()
    reader.feed(html.replace("\r\n", "\n"))
    reader.close()
    return reader.root


def open_page(client: FlaskClient, path: str, status: int = 200) -> Element:
    """Ask for a page and read it."""
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
    return read(answer.text)


def submit(client: FlaskClient, form: Element, path: str, **changes: str | list[str]) -> TestResponse:
    """Send a form as it stands on a page, with some inputs filled in otherwise."""
    values = form.sent()
    for name, value in changes.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    target, method = form.attributes.get("action") or path, form.attributes.get("method", "get")
    return client.get(target, query_string=values) if method == "get" else client.post(target, data=values)


def assert_safe(page: Element) -> None:
    """Every script comes from a file or carries the nonce, and no element carries a handler or bad link."""
    for element in page:
        if element.tag == "script":
            assert element.attributes.get("nonce"), element.attributes
            assert "src" in element or element.attributes.get("type") == "application/json", element.text[
                :200
            ]
        assert not [name for name in element.attributes if name.startswith("on")], element.attributes
        for name in ("href", "src", "action", "formaction"):
            assert (
                not element.attributes.get(name, "").strip().lower().startswith(("javascript:", "data:text"))
            )
