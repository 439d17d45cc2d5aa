"""The invitation into a unit: its words, its sheet on paper, and the picture that arrives in a chat."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest
import zxingcpp
from matplotlib import image
from PIL import Image

from bot.channels.telegram.channel import door
from bot.clock import utc_now
from bot.settings import Settings
from handlers import router
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Door, Drawing
from handlers.errors import NotAllowed
from handlers.people import invitation, joining, reading, service
from handlers.people.sheet import DOTS_PER_INCH, FRAME, HEIGHT, INCH, MARGIN, WIDTH, Sheet, draw
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.conftest import NOW, TODAY
from tests.conversations import read
from tests.telegram_bot import BOT_NAME, PERSON, rows, running, said
from tests.test_joining import joined

LINK = "https://t.me/vidu_bot?start=ACDEFG"
TELEGRAM = Door("Telegram @vidu_bot", LINK)
OTHERS = (Door("Zalo Sở Ví Dụ", "https://zalo.example/vidu?code=ACDEFG"), Door("Ví dụ", "https://vidu.example/ACDEFG"))

SHEET = Sheet(
    office="Sở Ví Dụ",
    introduced="Theo Công văn 1/SVD ngày 02/01/2026",
    unit="Phòng Một",
    title="Mời tham gia",
    doors=(TELEGRAM,),
    steps=("Quét mã.", "Làm theo lời trợ lý."),
    code_label="Mã mời",
    code="ACD-EFG",
    valid="Dùng được đến 10:00 ngày 21/12/2026",
    contact=("Cần hỏi: Văn phòng Sở Ví Dụ",),
    warning="Không bao giờ hỏi mật khẩu.",
)

NAMES = [
    "Phòng Một",
    "Trung tâm Hỗ trợ doanh nghiệp nhỏ và vừa, Xúc tiến đầu tư, thương mại và du lịch (thuộc Sở Ví Dụ), cơ sở hai",
    "Tổ $x$ <i>&amp;</i> {một} \\frac",
    "Ư" * reading.LONGEST_NAME,
]


def grey(picture: bytes) -> image.np.ndarray:
    return image.np.asarray(Image.open(io.BytesIO(picture)).convert("L"))


def codes(picture: bytes) -> list[str]:
    """What a telephone reads on a picture."""
    return sorted(found.text for found in zxingcpp.read_barcodes(grey(picture)))


@pytest.fixture
def unit(console: Scene) -> int:
    return service.create_under(console, service.create_unit(console, "Sở Ví Dụ"), "Phòng Ví Dụ")


# On paper


@pytest.mark.parametrize("doors", [(), (TELEGRAM,), (TELEGRAM, OTHERS[0]), (TELEGRAM, *OTHERS)], ids=len)
def test_every_link_can_be_scanned(doors: tuple[Door, ...]) -> None:
    assert codes(draw(replace(SHEET, doors=doors))) == sorted(door.link for door in doors)


def test_a_small_photograph_of_it_can_be_scanned_too() -> None:
    whole = Image.open(io.BytesIO(draw(replace(SHEET, doors=(TELEGRAM, *OTHERS)))))
    small = io.BytesIO()
    whole.convert("RGB").resize((620, 877)).rotate(4, fillcolor="white").save(small, "JPEG", quality=60)
    assert len(codes(small.getvalue())) == 3


@pytest.mark.parametrize("name", NAMES, ids=["short", "long", "signs", "one word"])
@pytest.mark.parametrize("doors", [(), (TELEGRAM,), (TELEGRAM, *OTHERS)], ids=len)
def test_nothing_is_cut_or_runs_over(name: str, doors: tuple[Door, ...]) -> None:
    contact = ("Đầu mối của đơn vị: " + "Trần Thị Ví Dụ, " * 6, "Cần hỏi: " + "Văn phòng Sở Ví Dụ, điện thoại " * 4)
    page = grey(draw(replace(SHEET, unit=name, doors=doors, contact=contact)))
    dots = DOTS_PER_INCH / INCH
    assert page.shape == (int(HEIGHT * dots), int(WIDTH * dots))
    # Between the frame and the words all is white, and so is the edge of the paper.
    inside, outside = int((FRAME + 2) * dots), int((FRAME - 2) * dots)
    margin = int((MARGIN - 3) * dots)
    for strip in (page[:outside], page[-outside:], page[:, :outside], page[:, -outside:]):
        assert strip.min() == 255
    for strip in (page[inside:-inside, inside:margin], page[inside:-inside, -margin:-inside]):
        assert strip.min() == 255
    # The two rules stand free: nothing lies upon them.
    rules = [number for number, row in enumerate(page) if (row[margin + 40 : -margin - 40] < 200).mean() > 0.9]
    assert len(rules) >= 2
    for beside in (rules[0] - 4, rules[-1] + 4):
        assert page[beside, margin:-margin].min() == 255


def test_as_pdf_it_is_one_page_of_the_same() -> None:
    made = draw(SHEET, "pdf")
    assert made.startswith(b"%PDF-")
    assert re.search(rb"/Count 1\b", made)
    (box,) = re.findall(rb"/MediaBox \[([^\]]*)\]", made)
    points = [float(number) for number in box.split()]
    assert points[2:] == pytest.approx([WIDTH / INCH * 72, HEIGHT / INCH * 72], abs=0.1)
    # Letters as letters, not as curves.
    assert b"DejaVuSans" in made


# In words


def test_what_stands_on_the_sheet(context: Context, console: Scene, unit: int) -> None:
    contact = joined(context, "dau-moi", joining.invite(console, unit), "Lê Thị Đầu Mối").context.person
    service.give_role(console, contact, "contact", unit)
    made = invitation.make(console, unit)
    sheet = invitation.sheet_for(console, made, [TELEGRAM], context.texts, context.office, context.zone)
    assert (sheet.office, sheet.unit, sheet.code) == ("Sở Ví Dụ", "Phòng Ví Dụ", reading.shown_code(made.code))
    assert sheet.introduced == "Theo Công văn 1/SVD ngày 02/01/2026"
    assert sheet.valid == "Dùng được đến 10:00 ngày 21/12/2026"
    assert sheet.contact == (
        "Đầu mối của đơn vị: Lê Thị Đầu Mối",
        "Cần hỏi: Văn phòng Sở Ví Dụ, điện thoại 0000 000 000 (giờ hành chính)",
    )
    assert "QR" in sheet.steps[0]
    without = invitation.sheet_for(console, made, [], context.texts, context.office, context.zone)
    assert not any("QR" in step for step in without.steps)


def test_who_may_invite_gets_words_and_a_picture(context: Context, console: Scene, unit: int) -> None:
    contact = joined(context, "dau-moi", joining.invite(console, unit), "Lê Thị Đầu Mối")
    service.give_role(console, contact.context.person, "contact", unit)
    mine = replace(contact.context, doors=lambda code: [door("vidu_bot", code)])
    reply = invitation.invite(unit, mine)
    code = joining.invite(console, unit)
    assert f"Mã mời vào Phòng Ví Dụ: {reading.shown_code(code)}" in read(reply)
    assert f"Telegram @vidu_bot: https://t.me/vidu_bot?start={code}" in read(reply)
    (drawing,) = reply.files
    assert isinstance(drawing, Drawing)
    stored = json.loads(json.dumps(drawing.as_json()))
    assert codes(router.draw(stored["drawing"], stored["data"])) == [f"https://t.me/vidu_bot?start={code}"]


def test_who_may_not_invite_gets_nothing(context: Context, console: Scene, unit: int) -> None:
    an = joined(context, "an", joining.invite(console, unit), "Trần Ví Dụ")
    with pytest.raises(NotAllowed):
        invitation.invite(unit, an.context)


# Over the network


def test_the_picture_arrives_and_leads_back_to_the_bot(
    api: BotApi, telegram_settings: Settings, documents_loaded_once: None
) -> None:
    database = Database(telegram_settings.data / FILE_NAME)
    with database.transaction():
        console = Scene(database, Actor(CONSOLE), NOW, TODAY)
        service.create_unit(console, "Sở Ví Dụ")
        claim = joining.make_claim(database, utc_now())
    database.close()

    with running(telegram_settings):
        for number, line in enumerate([claim, "Trần Ví Dụ", "/donvi"], 1):
            api.say(PERSON, line)
            *_, screen = said(api, count=number)
        api.press(PERSON, screen, "Mã mời")
        *_, record = said(api, count=4)
    (stored,) = rows(telegram_settings, "SELECT code FROM invitations")
    assert record.kind == "photo"
    assert reading.shown_code(stored["code"]) in record.text
    _, picture = api.file_of(record)
    assert codes(picture) == [f"https://t.me/{BOT_NAME}?start={stored['code']}"]
    # Nothing of it is kept.
    assert all(row["message"] is None for row in rows(telegram_settings, "SELECT message FROM outbox"))
    assert rows(telegram_settings, "SELECT id FROM blobs") == []
