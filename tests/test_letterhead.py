"""What stands above and below provisions: date, number, addressees, closing sentences, recipients, signatures."""

from __future__ import annotations

import pytest

from knowledge.importing.splitting import NUMBER_MISSING
from tests.office_rules import entry, made, texts


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Mẫu, ngày 05 tháng 3 năm 2024", "2024-03-05"),
        ("Tp. Mẫu, Ngày 5 tháng 03 năm 2024.", "2024-03-05"),
        ("Mẫu, ngày 05/3/2024", "2024-03-05"),
        ("Mẫu, ngày tháng năm 2024", "2024"),
        ("Mẫu, ngày ... tháng … năm 2024", "2024"),
        ("Mẫu, ngày    tháng 7 năm 2024", "2024-07"),
        ("Tháng 12 năm 2024", "2024-12"),
        ("Mẫu, ngày 31 tháng 02 năm 2024", "2024-02"),
        ("Mẫu, ngày 31 tháng 13 năm 2024", "2024"),
        ("Mẫu, ngày 1 tháng 1 năm 1024", "2026"),
        ("Mẫu, ngày 1 tháng 1 năm 1944", "2026"),
        ("Căn cứ Quyết định ngày 05 tháng 3 năm 2020 của Sở;", "2026"),
        ("(Ban hành kèm theo Quyết định số 3/QĐ-SVD ngày 02/01/2023 của Giám đốc Sở Ví Dụ)", "2023-01-02"),
    ],
)
def test_the_date(line: str, date: str) -> None:
    assert made(f"{line}\n1. Một.")["date"] == date


def test_the_date_may_stand_above_the_signature() -> None:
    document = entry("NỘI QUY\n1. Một.\n2. Hai.\nMẫu, ngày 6 tháng 4 năm 2022\nGIÁM ĐỐC\n(Đã ký)\nNguyễn Văn Mẫu")
    assert document.date == "2022-04-06"
    assert [provision.text for provision in document.provisions] == ["Một.", "Hai."]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Số: 12/QĐ-SVD", "12/QĐ-SVD"),
        ("SỐ : 12 /2024/QĐ-SVD Mẫu, ngày 05 tháng 3 năm 2024", "12/2024/QĐ-SVD"),
        ("Số 05-QC/ĐU", "05-QC/ĐU"),
        ("Số: /SVD-VP", None),
        ("Số: .../SVD-VP", None),
        ("Số: 12/...", None),
        ("Số lượng công chức: 12", None),
        ("(Kèm theo Quyết định số 7/QĐ-SVD ngày 02/01/2023)", "7/QĐ-SVD"),
    ],
)
def test_the_number(line: str, number: str | None) -> None:
    document = entry(f"{line}\n1. Một.")
    assert document.number == number
    assert document.number_missing == (None if number else NUMBER_MISSING)


@pytest.mark.parametrize(
    ("lines", "addressees"),
    [
        ("Kính gửi: Các phòng thuộc Sở.", ("Các phòng thuộc Sở",)),
        ("Kính gửi:\nCác phòng;\nThanh tra.\nSở yêu cầu như sau:", ("Các phòng", "Thanh tra")),
        ("Kính gửi:\n1. Các phòng;\n2. Thanh tra.", ("Các phòng", "Thanh tra")),
        ("Kính gửi:\n- Các phòng;\n- Thanh tra;", ("Các phòng", "Thanh tra")),
    ],
)
def test_addressees_are_no_provisions(lines: str, addressees: tuple[str, ...]) -> None:
    text = f"{lines}\n1. Một.\n2. Hai."
    assert entry(text).addressees == addressees
    assert texts(text) == {"muc-1": "Một.", "muc-2": "Hai."}


@pytest.mark.parametrize(
    "end",
    [
        "Nơi nhận:\n- Như trên;\n- Lưu: VT.",
        "- Lưu: VT, TH.",
        "NƠI NHẬN:\n1. Như trên;\n2. Lưu.",
        "TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH\nNguyễn Văn Mẫu",
        "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC",
        "THỦ TRƯỞNG ĐƠN VỊ\n(Ký tên, đóng dấu)",
        "(Đã ký)\nNguyễn Văn Mẫu",
        "Mẫu, ngày 06 tháng 4 năm 2022\nNguyễn Văn Mẫu",
    ],
)
def test_recipients_and_signatures_are_left_out(end: str) -> None:
    assert texts(f"1. Một.\n2. Hai.\n{end}") == {"muc-1": "Một.", "muc-2": "Hai."}
    assert texts(f"Điều 1. Một.\n{end}") == {"dieu-1": "Một."}


def test_what_looks_like_an_end_and_is_none() -> None:
    text = "Điều 1. Nhận hồ sơ\n1. Nộp tại bộ phận một cửa.\nNơi nhận:\nVăn phòng.\nGIÁM ĐỐC\nNgười ký.\nĐiều 2. Hai."
    assert texts(text)["dieu-1/khoan-1"] == "Nộp tại bộ phận một cửa.\nNơi nhận:\nVăn phòng.\nGIÁM ĐỐC\nNgười ký."
    long = "\n".join(f"Dòng {n}." for n in range(20))
    assert "Dòng 19." in str(texts(f"1. Bảng:\nGIÁM ĐỐC\n{long}")["muc-1"])


@pytest.mark.parametrize(
    ("lines", "closing"),
    [
        ("1. Một.\nTrên đây là nội dung chỉ đạo, đề nghị các phòng thực hiện./.", 1),
        ("1. Một.\nĐề nghị các phòng thực hiện.\nTrân trọng./.", 1),
        ("1. Một.\nSở yêu cầu các phòng thực hiện./.", 1),
        ("1. Một.\nĐề nghị các phòng thực hiện.\nNơi nhận:", 1),
        ("1. Một.\nYêu cầu các phòng thực hiện.", 0),
        ("1. Một.\nCó gì hỏi Văn phòng./.", 0),
        ("1.\nĐề nghị các phòng thực hiện./.", 0),
        ("Điều 1. Một\n1. Khoản.\nĐề nghị các phòng thực hiện./.", 0),
        ("Điều 1. Một\nTrên đây là nội quy.", 0),
    ],
)
def test_the_closing_sentence(lines: str, closing: int) -> None:
    document = entry(lines)
    assert len(document.closing) == closing
    assert all(sentence.endswith((".", "hiện.")) and "/" not in sentence for sentence in document.closing)
