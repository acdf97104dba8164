"""The words of a page of HTML. It is never shown as HTML, so nothing in it can run or call home."""

import re
from html import unescape

LONGEST = 2_000_000
"""Characters of HTML that are read."""
# A tag ends at the next >, whatever quotes say: what a quoted > leaves behind is harmless text.
TOKENS = re.compile(
    r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})([^<>]{0,8000})>|<[!?][^<>]{0,8000}>|<|[^<]+"
)
SILENT = {"script", "style", "title", "head", "template", "noscript", "object", "iframe", "svg"}
BLOCKS = {
    *("p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("pre", "blockquote", "section", "article", "header", "footer", "address", "dl", "dt", "dd"),
}
PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre"}
ATTRIBUTE = r"""\b%s\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
HREF = re.compile(ATTRIBUTE % "href", re.IGNORECASE)
ALT = re.compile(ATTRIBUTE % "alt", re.IGNORECASE)


def text_of(html: str) -> str:
    """What a reader would see of it, as lines; what was quoted begins with "> ".

    Takes time in proportion to its length, however broken the page is.
    """
    reader = _Reader()
    reader.read(html[:LONGEST])
    return reader.text()


class _Reader:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.begun = False  # whether there is more than blanks in the line
        self.quoted = 0
        self.link = ""
        self.link_words: list[str] = []

    def read(self, html: str) -> None:
        place = 0
        while match := TOKENS.match(html, place):
            place = match.end()
            token = match[0]
            if token == "<!--":
                place = _after(html, "-->", place)
            elif match[2]:
                name = match[2].lower()
                if name in SILENT and not match[1]:
                    place = _after_element(html, name, place)
                else:
                    self._tag(name, match[3], opens=not match[1])
            elif not token.startswith(("<!", "<?")):
                self._words(token)

    def _tag(self, name: str, attributes: str, *, opens: bool) -> None:
        if name == "br":
            self._end_line()
        elif name in BLOCKS:
            self._block(name, opens=opens)
        elif name in {"td", "th"} and opens:
            self._add(" ")
        elif name == "img":
            if words := _value(ALT, attributes):
                self._add(f"[{words}]")
        elif name == "a":
            self._anchor(attributes, opens=opens)

    def _block(self, name: str, *, opens: bool) -> None:
        self._finish_line()
        if name == "blockquote":
            self.quoted = self.quoted + 1 if opens else max(self.quoted - 1, 0)
        if name in PARAGRAPHS and self.lines and self.lines[-1].strip("> "):
            self._end_line()
        if name == "li" and opens:
            self._add("- ")
        if name == "hr":
            self._add("_" * 32)
            self._end_line()

    def _anchor(self, attributes: str, *, opens: bool) -> None:
        if opens:
            self.link, self.link_words = _value(HREF, attributes), []
            return
        shown = "".join(self.link_words).strip()
        bare = self.link.removeprefix("mailto:")
        if self.link.startswith(("http://", "https://", "mailto:")) and bare not in shown:
            self._add(f" <{self.link[:500]}>")
        self.link = ""

    def _words(self, token: str) -> None:
        words = re.sub(r"\s+", " ", unescape(token).replace("\xa0", " ").replace("\u200b", ""))
        if not self.begun:
            words = words.lstrip()
        if words:
            self._add(words)
            if self.link:
                self.link_words.append(words)

    def _add(self, words: str) -> None:
        self.line.append(words)
        self.begun = self.begun or bool(words.strip())

    def _finish_line(self) -> None:
        if self.line:
            self._end_line()

    def _end_line(self) -> None:
        words = re.sub(r" {2,}", " ", "".join(self.line)).strip()
        self.lines.append("> " * min(self.quoted, 5) + words)
        self.line, self.begun = [], False

    def text(self) -> str:
        self._finish_line()
        text = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip()


def _value(pattern: re.Pattern[str], attributes: str) -> str:
    match = pattern.search(attributes)
    if match is None:
        return ""
    return " ".join(unescape(match[1] or match[2] or match[3] or "").split())


def _after(html: str, mark: str, place: int) -> int:
    """Where the text goes on behind `mark`; without one, nowhere."""
    found = html.find(mark, place)
    return len(html) if found < 0 else found + len(mark)


def _after_element(html: str, name: str, place: int) -> int:
    end = re.compile(rf"</{name}[^<>]{{0,8000}}>", re.IGNORECASE).search(html, place)
    return len(html) if end is None else end.end()
