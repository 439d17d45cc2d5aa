"""Questions about the bot itself: who may do something with it, and by which command.

"Làm thế nào để gửi thông báo", "cách tạo trắc nghiệm", "mã mời" ask for no rule. A message is about one of the topics
here where it holds the words that the topic needs and nothing but its other words and those that any question has: a
single strange word ("gửi thông báo trên facebook") and it is a question for the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Reply
from knowledge.text import folded_syllables

# Nobody asks so simple a thing in more words.
_LONGEST = 20

# The words of any question about the bot, folded.
_ASKING = """
    toi em e anh chi minh ban bot ad a ah oi cho hoi xin muon can lam the nao ntn sao lsao cach de huong dan nhu ra vay
    thi ai duoc dc dk co quyen phai khong ko k gi j la o dau tu vao bang lenh go bam menu nut giup voi nhe nha noi chi
    dung su may mot cac nhung cai ha nhi day nay tren trong tro ly he thong chuong trinh khi kieu ta nguoi
"""
# Whether something is allowed or wanted of somebody is asked of the rules.
_OF_THE_RULES = (" co duoc ", " co phai ", " co can ", " co bi ", " co nen ", " quy dinh ")
# Whom and where something is for.
_OFFICE = "co quan don vi phong ban can bo cong chuc vien chuc nhan vien dong nghiep moi tat ca toan"
_ROUND = ("trac nghiem", "quiz", "bai kiem tra", "dot thi")


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """Something that people ask how to do.

    Attributes:
        name: its text in the catalogue is "howto.<name>".
        needs: of each group one phrase must be said, folded.
        beside: what else may be said.
        command: what does it, by name; "" where it is done elsewhere.
    """

    name: str
    needs: Sequence[Sequence[str]]
    beside: str = ""
    command: str = ""


# A topic stands before those that need less.
TOPICS = (
    Topic(
        "invitation",
        [("ma moi", "ma tham gia", "giay moi")],
        f"{_OFFICE} lay tao cap xem in to gui nhap dien dan qr tham gia dang ky het han bao lau huy thu hoi",
        "donvi",
    ),
    Topic("personal_code", [("ma ca nhan",)], f"{_OFFICE} lay cap xem nhap tham gia dang ky quen mat", "thamgia"),
    Topic("receipt", [("bien nhan",)], "ma xem tra cuu bao cao quen mat lay", "biennhan"),
    Topic(
        "who_read",
        [("ai", "danh sach", "bao nhieu", "nhung nguoi"),
         ("da doc", "chua doc", "da xac nhan", "chua xac nhan", "da hieu", "da nam")],
        f"{_OFFICE} xem biet thong bao nhac nho nguoi in tai hieu va",
        "thongbao",
    ),
    Topic(
        "stop",
        [("tat", "thoi nhan", "khong nhan", "ngung nhan", "dung nhan", "khong muon nhan", "nhan lai", "bat lai"),
         ("thong bao", "nhac nho", "loi nhac")],
        "nua",
        "thoinhan",
    ),
    Topic(
        "broadcast",
        [("gui", "soan", "tao", "viet", "phat", "hen", "dat", "len lich"), ("thong bao", "nhac nho", "loi nhac")],
        f"{_OFFICE} lich gio hang tuan thang quy dinh ky khan den toi tin loat nhac nho",
        "thongbao",
    ),
    Topic(
        "bank",
        [("nhap", "them", "dua", "tai", "soan", "sua", "tao"),
         ("cau hoi trac nghiem", "ngan hang cau hoi", "bo cau hoi", "cau hoi vao trac nghiem")],
        "tep file word excel len moi rieng trac nghiem vao",
    ),
    Topic(
        "results",
        [("xem", "ket qua", "diem", "thong ke", "bieu do", "bao nhieu"), _ROUND],
        f"{_OFFICE} cua dot bai lam dat roi ket qua xem",
        "dottracnghiem",
    ),
    Topic(
        "round",
        [("tao", "mo", "lap", "soan", "to chuc", "giao", "them"), _ROUND],
        f"{_OFFICE} dot bai cau thi cuoc mau",
        "dottracnghiem",
    ),
    Topic(
        "take",
        [("lam", "thi", "tham gia", "bat dau", "lam lai"), _ROUND],
        "bai dot lan lai bat dau",
        "tracnghiem",
    ),
    Topic("practice", [("luyen tap", "on tap", "on thi")], "trac nghiem cau hoi bai", "luyentap"),
    Topic(
        "roles",
        [("giao", "them", "cap", "doi", "phan", "dat", "thanh", "chi dinh", "thay", "thoi", "de lam", "muon lam"),
         ("dau moi", "quan tri", "vai tro", "lam lanh dao")],
        f"{_OFFICE} quyen vien tro thanh moi khac",
        "donvi",
    ),
    Topic(
        "members",
        [("them", "nhap", "xoa", "cap nhat"),
         ("nguoi", "can bo", "nhan vien", "cong chuc", "thanh vien", "danh sach", "dong nghiep")],
        f"{_OFFICE} excel tep file ten chuc vu",
        "donvi",
    ),
    Topic(
        "units",
        [("them", "tao", "lap", "doi ten", "sap nhap", "dong", "xoa"), ("don vi", "phong ban")],
        "moi truc thuoc cap duoi hai",
        "donvi",
    ),
    Topic(
        "join",
        [("tham gia", "gia nhap", "cach dang ky", "dang ky the nao", "dang ky nhu the nao", "muon dang ky")],
        "co quan don vi lai",
        "thamgia",
    ),
    Topic("leave", [("roi khoi", "thoi tham gia", "thoat khoi")], "co quan don vi danh sach", "roikhoi"),
    Topic(
        "data",
        [("xem", "xoa", "sua", "luu", "giu"), ("du lieu cua toi", "du lieu cua minh", "thong tin cua toi")],
        "ca nhan nhung het da",
        "dulieu",
    ),
    Topic(
        "link",
        [("lien ket", "ket noi", "noi tai khoan", "noi voi", "dung chung", "chuyen sang"),
         ("zalo", "telegram", "hai tai khoan")],
        "zalo telegram tai khoan va sang chuyen may moi",
        "lienket",
    ),
    Topic(
        "own_report",
        [("xem", "theo doi", "tra cuu", "biet", "kiem tra", "dau"),
         ("bao cao cua toi", "bao cao cua minh", "bao cao da gui", "tinh trang bao cao", "ket qua bao cao")],
        "da gui toi den xu ly",
        "baocaocuatoi",
    ),
    Topic(
        "upward",
        [("xuat", "lap", "lam", "tao", "tai", "in", "xem"),
         ("bao cao thang", "bao cao quy", "bao cao dinh ky", "bao cao tong hop", "so theo doi", "so lieu bao cao")],
        "word excel file tep gui len cap tren",
        "tonghop",
    ),
    Topic(
        "pages",
        [("them", "ghi", "nhap", "khai bao", "sua"), ("trang chinh thuc", "danh sach trang")],
        "don vi co quan cua danh sach",
        "trang",
    ),
    Topic("absence", [("vang mat", "bao vang")], "bao dau moi thay", "vang"),
    Topic("approve", [("duyet", "phe duyet")], "viec trinh thong bao cho", "choduyet"),
    Topic(
        "documents",
        [("them", "nap", "cap nhat", "dua", "nhap", "tai"),
         ("van ban", "noi quy", "quy che"),
         ("vao bot", "cho bot", "vao tro ly", "cho tro ly", "vao he thong", "vao day")],
        "cua co quan don vi moi rieng len",
    ),
)  # fmt: skip


def find(text: str) -> Topic | None:
    """Return what a message asks about the bot, None for any other message."""
    words = folded_syllables(text)
    # Most messages have a word that no topic knows.
    if not 0 < len(words) <= _LONGEST or not _KNOWN.issuperset(words):
        return None
    said = f" {' '.join(words)} "
    if any(phrase in said for phrase in _OF_THE_RULES):
        return None
    return next((topic for topic in TOPICS if _is_about(topic, words, said)), None)


def explain(topic: Topic, context: Context, command: Command | None = None) -> Reply:
    """Say who may do it and how; a command that whoever asks may use stands under it."""
    text = context.texts.rich(f"howto.{topic.name}")
    if command is None or not command.offered(context):
        return Reply(text)
    return Reply(text, (Button(context.texts(f"command.{command.name}"), "command.run", {"name": command.name}),))


def _is_about(topic: Topic, words: Sequence[str], said: str) -> bool:
    if not all(any(f" {phrase} " in said for phrase in group) for group in topic.needs):
        return False
    return _words_of(topic).issuperset(words)


@cache
def _words_of(topic: Topic) -> frozenset[str]:
    """Every word that a message about a topic may have."""
    needed = {word for group in topic.needs for phrase in group for word in phrase.split()}
    return frozenset(needed.union(_ASKING.split(), topic.beside.split()))


_KNOWN = frozenset[str]().union(*map(_words_of, TOPICS))
