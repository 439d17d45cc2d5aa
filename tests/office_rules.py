"""An office's own rules as the tests of their splitting need them, and ways to look at what comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from knowledge.importing.splitting import split
from knowledge.schema import DocumentEntry, ProvisionEntry

TODAY = dt.date(2026, 11, 21)

DECISION = """
UBND TỈNH MẪU          CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
SỞ VÍ DỤ               Độc lập - Tự do - Hạnh phúc
-------                ---------------
Số: 12/QĐ-SVD          Mẫu, ngày 05 tháng 3 năm 2024

QUYẾT ĐỊNH
Về việc ban hành Nội quy sử dụng mạng xã hội của Sở Ví Dụ
GIÁM ĐỐC SỞ VÍ DỤ
Căn cứ Luật An ninh mạng ngày 12 tháng 6 năm 2018;
Xét đề nghị của Chánh Văn phòng Sở,
QUYẾT ĐỊNH:
Điều 1. Ban hành kèm theo Quyết định này Nội quy sử dụng mạng xã hội của Sở Ví Dụ.
Điều 2. Quyết định này có hiệu lực kể từ ngày ký.
Điều 3. Chánh Văn phòng, Trưởng các phòng chịu trách nhiệm thi hành Quyết định này./.
Nơi nhận:
- Như Điều 3;
- Lưu: VT.
KT. GIÁM ĐỐC
PHÓ GIÁM ĐỐC
Nguyễn Văn Mẫu
UBND TỈNH MẪU
SỞ VÍ DỤ
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
NỘI QUY
SỬ DỤNG MẠNG XÃ HỘI CỦA SỞ VÍ DỤ
(Ban hành kèm theo Quyết định số 12/QĐ-SVD ngày 05/3/2024 của Giám đốc Sở Ví Dụ)
Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi điều chỉnh và đối tượng áp dụng
1. Nội quy này quy định việc sử dụng mạng xã hội của công chức.
2. Đối tượng áp dụng:
a) Công chức, viên chức
của Sở;
b) Người lao động;
c) Học viên thực tập;
d) Bảo vệ;
đ) Khách đến làm việc.
Điều 2: Giải thích từ ngữ
Trong Nội quy này, từ “tài khoản” hiểu theo Điều 4. của Luật. 1. Câu này không tách.
Chương II. QUY ĐỊNH CỤ THỂ
Mục 1
NHỮNG VIỆC
PHẢI LÀM
ĐIỀU 3 - TRÁCH NHIỆM
- Bảo mật tài khoản:
+ Đặt mật khẩu mạnh;
+ Không cho mượn.
– Báo ngay khi mất.
Điều 4.
Giờ đăng tin
1)Sáng: 7 giờ 30
2)Chiều: 13 giờ
Điều 5. Hiệu lực
Nội quy có hiệu lực từ ngày 01 tháng 5 năm 2024.
PHỤ LỤC I
BẢN CAM KẾT
1. Tôi cam kết giữ bí mật.
"""

LETTER = """
SỞ VÍ DỤ
VĂN PHÒNG
Số: 45 /VP-TH
V/v chấn chỉnh việc đăng tin
trên mạng xã hội
Mẫu, ngày 9 tháng 8 năm 2025
Kính gửi:
- Các phòng thuộc Sở;
- Thanh tra Sở.
Thời gian qua, một số trang đăng tin chưa đúng.
Văn phòng Sở yêu cầu:
1. Trưởng phòng quán triệt những nội dung sau:
a. Về cá nhân:
Không đăng tin chưa kiểm chứng.
b. Về đơn vị:
- Phân công người duyệt tin;
- Lưu bản đã duyệt.
2. Trung tâm Dữ liệu theo dõi
- Rà soát hằng tuần;
- Báo cáo Văn phòng.
Đề nghị các phòng nghiêm túc thực hiện./.
Nơi nhận:
- Như trên;
- Lưu: VT.
CHÁNH VĂN PHÒNG
Trần Thị Ví Dụ
"""


def made(text: str, title: str | None = None) -> dict[str, object]:
    return split(text.splitlines(), document_id="noi-quy-vi-du", title=title, today=TODAY)


def entry(text: str) -> DocumentEntry:
    return DocumentEntry.model_validate(made(text))


def walk(provisions: tuple[ProvisionEntry, ...], above: str = "") -> Iterator[tuple[str, ProvisionEntry]]:
    for provision in provisions:
        path = f"{above}/{provision.part}".lstrip("/")
        yield path, provision
        yield from walk(provision.provisions, path)


def texts(text: str) -> dict[str, str | None]:
    """The provisions by path, with their words."""
    return {path: provision.text for path, provision in walk(entry(text).provisions)}
