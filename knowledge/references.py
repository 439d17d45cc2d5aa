"""Direct references in a question: "điều 4 khoản 3", "dieu 4 khoan 3", "mục 3 công văn 6389", "đ4k3".

Everything is read without accents, so a reference typed on a phone is found like one copied from a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.documents import Document, Library, Provision
from knowledge.labels import part_label
from knowledge.text import fold

LAST = "last"
# Written numbers that hardly stand for another word without accents, as "sau" and "nam" do.
_NUMBER_WORDS = {"hai": "2", "ba": "3", "bon": "4", "tam": "8", "chin": "9", "muoi": "10"}
_ORDINALS = {
    "dau tien": "1",
    "nhat": "1",
    "dau": "1",
    "hai": "2",
    "ba": "3",
    "tu": "4",
    "nam": "5",
    "cuoi": LAST,
}
_ROMAN_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_ROMANS = {numeral: str(number) for number, numeral in enumerate(_ROMAN_NUMERALS, 1)}
_NUMBERS = {**_NUMBER_WORDS, **_ROMANS}
# Some are words of a question too ("điều vi phạm"): these count where nothing follows.
_ALSO_WORDS = ("i", "v", "vi", "x", "xi", "xv")
_ROMAN = "|".join(rf"{roman}(?=\s*$)" if roman in _ALSO_WORDS else roman for roman in _ROMANS)
_N = rf"(\d{{1,3}}[a-z]?|{'|'.join(_NUMBER_WORDS)}|{_ROMAN})"
_START = r"(?<![a-z0-9])"
_END = r"(?![a-z0-9])"

# "đ4k3", "k3 đ4", "4k3" alone and "dien 4 khoang 3" are written out first, so that the patterns below know one form.
_SHORT = (
    (re.compile(rf"{_START}d\s*(\d+)[\s.,]*k\s*(\d+){_END}"), r"dieu \1 khoan \2"),
    (re.compile(rf"{_START}k\s*(\d+)[\s.,]*d\s*(\d+){_END}"), r"khoan \1 dieu \2"),
    (re.compile(r"\s*(\d{1,2})\s*k\s*(\d{1,2})\s*$"), r"dieu \1 khoan \2"),
    (re.compile(rf"{_START}die[un]\s*(\d{{1,3}})[\s.,]*khoang?\s*(\d{{1,3}}){_END}"), r"dieu \1 khoan \2"),
    (re.compile(rf"{_START}khoang?\s*(\d{{1,3}})[\s.,]*die[un]\s*(\d{{1,3}}){_END}"), r"khoan \1 dieu \2"),
)
_KINDS = {
    "chuong": re.compile(rf"{_START}chuong\s*(?:so\s*|thu\s*)?(\d{{1,2}}|[ivx]+){_END}"),
    "dieu": re.compile(rf"{_START}dieu\s*(?:so\s*)?{_N}{_END}"),
    # "tài khoản 2" is no clause.
    "khoan": re.compile(rf"(?<![a-z])(?<!tai )khoan\s*(?:so\s*)?{_N}{_END}"),
    "muc": re.compile(rf"{_START}muc\s*(?:so\s*)?{_N}{_END}"),
    "diem": re.compile(rf"{_START}diem\s*([a-z]){_END}"),
    "dash": re.compile(rf"{_START}(?:gach dau dong|gach|y)\s*(?:thu\s*|so\s*)?(\d{{1,2}}|{'|'.join(_ORDINALS)}){_END}"),
}
_KEYWORDS = {"dash": ""}
"""What stands in every reference of a kind, where that is not its name."""
_DIGIT = re.compile(r"\d")
# "điều 4.3" is clause 3 of article 4, "mục 1.b" and "mục 1b" point b of item 1 ("điều 4a" is an article).
_DOTTED = re.compile(rf"{_START}(dieu|muc)\s*(\d{{1,3}})\s*[.,/]\s*(\d{{1,2}}|[a-z]){_END}")
_JOINED = re.compile(rf"{_START}muc\s*(\d{{1,3}})([a-z]){_END}")
# A document named by its number, whether or not it is loaded.
_NUMBERED_DOCUMENT = re.compile(
    rf"{_START}(?P<kind>cong van|quyet dinh|nghi dinh|thong tu|chi thi|luat|nghi quyet|cv|qd|nd|tt|nq)\s*(?:so\s*)?"
    r"(?P<number>\d{1,4})(?P<rest>(?:/[\w/-]*\w)?)"
)
_KIND_NAMES = {
    "cong van": "công văn",
    "cv": "công văn",
    "quyet dinh": "quyết định",
    "qd": "quyết định",
    "nghi dinh": "nghị định",
    "nd": "nghị định",
    "thong tu": "thông tư",
    "tt": "thông tư",
    "chi thi": "chỉ thị",
    "luat": "luật",
    "nghi quyet": "nghị quyết",
    "nq": "nghị quyết",
}
# A law or the like named by its matter. Only beside an article ("Điều 4 Bộ luật Lao động") is it what is asked for.
_NAMED_LAW = re.compile(
    rf"{_START}(?:bo luat|(?<!phap )luat|nghi dinh|thong tu|phap lenh|hien phap|noi quy|quy che){_END}"
)
UNNAMED = "?"
# A law that is asked for as a whole: "Luật An ninh mạng quy định gì". What goes on after its name asks about a matter.
_LAWS = (
    "an ninh mang|an toan thong tin(?: mang)?|bao chi|xuat ban|quang cao|vien thong|cong nghe thong tin"
    "|giao dich dien tu|tiep can thong tin|so huu tri tue|bao ve du lieu ca nhan|bao ve bi mat nha nuoc"
    "|(?:can bo,? )?cong chuc|vien chuc|to cao|khieu nai|phong,? chong tham nhung|xu ly vi pham hanh chinh"
    "|dan su|hinh su|lao dong|tre em|dat dai"
)
_SAYS = (
    "(?:quy dinh|noi|ghi|neu|gom|bao gom)"
    "(?: ve)?(?: nhung)?(?: (?:dieu|noi dung|van de|cai))?(?: (?:gi|sao|nao|the nao))?"
)
_WHOLE_LAW = re.compile(
    r"(?:(?:cho|em|toi|minh|xin|muon|hoi|biet|xem|doc|trich|tom tat|noi dung|toan van|cua|theo) )*"
    r"(?:hien phap|(?:bo luat|luat|phap lenh) (?!(?:nao|gi|co) )"
    rf"(?:(?:{_LAWS})|[a-z]+(?: [a-z]+){{0,5}}?(?= {_SAYS}\W*$)))"
    r"(?: (?:viet nam|moi|hien hanh|so|nam|\d{4}|\d{1,3}/\d{4}(?:/\w+)?)){0,4}"
    rf"(?: (?:{_SAYS}|la gi|co gi|co nhung gi))?(?: (?:vay|the|a|nhi|ha))*\W*"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a question points at.

    Attributes:
        documents: ids of the loaded documents that it names; empty where it names none.
        by_general_name: whether it names them only by what others may be called too ("bộ quy tắc").
        unknown_document: the number of a document it names that is not loaded, UNNAMED for a law named without
            a number, or "".
        parts: id parts from the outermost in, such as ("dieu-4", "khoan-3"); empty where only a document
            is named.
        chapter: the number of a chapter, as in "II", where one is named without an article; or "".
        clause: the label of a clause that is named without its article, or "".
        rest: the folded question without the words of the reference.
        unknown_name: what the document that is not loaded is called in a sentence: "nghị định 15/2020".
    """

    documents: tuple[str, ...]
    by_general_name: bool
    unknown_document: str
    parts: tuple[str, ...]
    chapter: str
    clause: str
    rest: str
    unknown_name: str = ""


class DocumentNames:
    """The names that the documents of a library go by, prepared once to be looked for in every question."""

    def __init__(self, library: Library) -> None:
        documents = library.documents.values()
        self._own = [(document.id, _patterns(document.entry.names)) for document in documents]
        self._general = [(document.id, _patterns(document.general_names)) for document in documents]

    def find(self, text: str, *, general: bool) -> tuple[list[str], str]:
        """Return the ids of the documents that a folded text names, and the text without their names.

        With `general`, they are looked for by what other documents may be called too.
        """
        named: dict[str, re.Pattern[str]] = {}
        for document_id, patterns in self._general if general else self._own:
            for name, pattern in patterns.items():
                # Hardly any name stands in a text, and `in` tells so many times faster than a pattern.
                if name in text and pattern.search(text):
                    named[document_id] = pattern
                    break
        for pattern in named.values():
            text = pattern.sub(" ", text)
        return list(named), text

    def any_in(self, text: str) -> bool:
        """Tell whether a folded text names a document at all."""
        return any(self.find(text, general=general)[0] for general in (False, True))


def find_reference(question: str, names: DocumentNames) -> Reference:
    """Read the reference in a question; one without any has no documents and no parts."""
    text = fold(question)
    general = False
    documents, rest = names.find(text, general=False)
    unknown = name = ""
    if not documents:
        match = _NUMBERED_DOCUMENT.search(text) if _DIGIT.search(text) else None
        unknown, name = (match["number"], _named(match)) if match else ("", "")
        rest = _NUMBERED_DOCUMENT.sub(" ", text) if unknown else text
    if not documents and not unknown:
        documents, rest = names.find(text, general=True)
        general = bool(documents)
    text = rest
    found: dict[str, str] = {}
    dotted = None
    # Most questions have no digit and none of the words: `in` tells so many times faster than a pattern.
    if _DIGIT.search(text):
        for short, long in _SHORT:
            text = short.sub(long, text)
        text = _JOINED.sub(r"muc \1 diem \2", text)
        dotted = _DOTTED.search(text)
    if dotted:
        outer, number, inner = dotted.groups()
        found = {outer: number, _inner_kind(outer, inner): inner}
        text = text[: dotted.start()] + " " + text[dotted.end() :]
    for kind, pattern in _KINDS.items():
        match = pattern.search(text) if _KEYWORDS.get(kind, kind) in text else None
        if match and kind not in found:
            words = _ORDINALS if kind == "dash" else {} if kind in ("chuong", "diem") else _NUMBERS
            found[kind] = words.get(match.group(1), match.group(1))
    if found:
        for pattern in _KINDS.values():
            text = pattern.sub(" ", text)
    names_law = "luat" in text or "phap" in text
    asks_law = _NAMED_LAW.search(text) if found else names_law and _WHOLE_LAW.fullmatch(text)
    if not documents and not unknown and asks_law:
        unknown = UNNAMED
    parts = tuple(_parts(found))
    chapter = "" if parts else _roman(found.get("chuong", ""))
    clause = part_label([f"khoan-{found['khoan']}"]) if "khoan" in found and not parts else ""
    return Reference(tuple(documents), general, unknown, parts, chapter, clause, " ".join(text.split()), name)


def resolve(reference: Reference, library: Library) -> list[Provision]:
    """Return the provisions a reference with parts points at, in the order of the documents.

    Without a named document every document that has such a provision counts. Where a clause is asked for
    whose article has clauses of unknown number, the article is returned.
    """
    found = []
    for document in _candidates(reference, library):
        provision = _at(document, reference.parts)
        if provision is None:
            article = document.by_id.get(f"{document.id}/{reference.parts[0]}")
            if article and any(not child.has_number for child in article.children):
                provision = article
        if provision:
            found.append(provision)
    return found


def missing_part(reference: Reference, library: Library) -> tuple[Document, str, Provision | None] | None:
    """Return a document that lacks the provision referred to, the label of what is missing, and what should hold it.

    That is the deepest provision on the way that exists, None where there is none. None is returned where some document
    has the provision, and where no document is made of such parts at all.
    """
    kind = reference.parts[0].partition("-")[0]
    having_kind = [
        document
        for document in _candidates(reference, library)
        if any(article.entry.part.startswith(f"{kind}-") for article in document.articles())
    ]
    if not having_kind or resolve(reference, library):
        return None
    label = part_label(reference.parts)
    for depth in range(len(reference.parts) - 1, 0, -1):
        for document in having_kind:
            above = document.by_id.get("/".join((document.id, *reference.parts[:depth])))
            if above:
                return document, label, above
    return having_kind[0], label, None


def _named(match: re.Match[str]) -> str:
    """What a document is called that was named by its number, however it was typed."""
    number = re.sub(r"/([NQ])D", r"/\1Đ", (match["number"] + match["rest"]).upper())
    return f"{_KIND_NAMES[match['kind']]} {number}"


def _at(document: Document, parts: Sequence[str]) -> Provision | None:
    *outer, inner = parts
    if inner == LAST:
        above = document.by_id.get("/".join((document.id, *outer)))
        return above.children[-1] if above and above.children else None
    found = document.by_id.get("/".join((document.id, *parts)))
    if found is None and parts[0].startswith("muc-"):
        # Items may be numbered in Roman numerals, and still be asked for in others.
        number = _roman(parts[0].removeprefix("muc-")).lower()
        found = document.by_id.get("/".join((document.id, f"muc-{number}", *parts[1:])))
    return found


def _candidates(reference: Reference, library: Library) -> Iterable[Document]:
    if reference.documents:
        return [library.documents[name] for name in reference.documents]
    return library.documents.values()


def _patterns(names: Iterable[str]) -> dict[str, re.Pattern[str]]:
    """For each name, folded, what finds it in a folded text; the longest first."""
    folded = sorted(map(fold, names), key=len, reverse=True)
    return {name: re.compile(rf"{_START}(?:so\s+)?{re.escape(name)}(?:/[\w/-]+)?{_END}") for name in folded}


def _roman(number: str) -> str:
    """A number as official texts write it: "2" and "ii" are "II"."""
    if not number.isdigit():
        return number.upper()
    value, written = int(number), ""
    for sign, worth in (("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1)):
        written += sign * (value // worth)
        value %= worth
    return written


def _inner_kind(outer: str, inner: str) -> str:
    if not inner.isdigit():
        return "diem"
    return "khoan" if outer == "dieu" else "dash"


def _parts(found: dict[str, str]) -> Iterator[str]:
    outer = "dieu" if "dieu" in found else "muc" if "muc" in found else ""
    if not outer:
        return
    yield f"{outer}-{found[outer]}"
    if outer == "dieu" and "khoan" in found:
        yield f"khoan-{found['khoan']}"
    if "diem" in found:
        yield found["diem"]
    if outer == "muc" and "dash" in found:
        yield found["dash"]
