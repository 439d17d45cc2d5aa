"""What is not reported here: papers marked secret, and complaints about a colleague."""

from __future__ import annotations

import re

from knowledge.text import fold

# The marks as they stand on papers (Luật Bảo vệ bí mật nhà nước: Tuyệt mật, Tối mật, Mật). Without accents "TOI MAT" is
# also "tôi mất", and "mật" begins "mật khẩu": the weaker a mark, the more must stand beside it.
_MARKED = re.compile(
    r"(?i:tuyệt\s+mật|tối\s+mật)"
    r"|(?<!BÍ )(?<!BẢO )\bMẬT\b(?!\s+(?:KHẨU|MÃ|THƯ|KHU|DANH))"
    r"|(?i:\((?:mật|tối mật|tuyệt mật)\))"
)
_PAPER = r"(?:van ban|tai lieu|cong van|ho so|bao cao|ke hoach|file|giay to|so lieu|du lieu)"
_NAMED = re.compile(
    r"\btuyet mat\b"
    rf"|\b(?:do|dau|dong dau|muc do|danh muc) (?:toi )?mat\b(?! khau)"
    rf"|\b{_PAPER} (?:toi )?mat\b(?! (?:khau|ma|thu|nick|tai khoan|zalo|facebook|fb))"
    r"|\bbi mat nha nuoc\b"
)
_ALONE = re.compile(r"(?m)^\W*toi mat\W*$")

_COMPLAINT = re.compile(
    r"\b(?:don |lam don |gui don )?(?:to cao|khieu nai|to giac) "
    r"(?!tai khoan|nick|trang|page|fanpage|facebook|fb|zalo|ke gian|ke lua|lua dao|doi tuong|so la|toi pham)"
    r"|\b(?:nhan hoi lo|tham o|tham nhung|an tien|ngoai tinh|nhan phong bi|chay chuc|lay cua cong|bao che)\b"
)


def is_secret(text: str) -> bool:
    """Whether a text bears, or speaks of a paper that bears, one of the three marks of a state secret."""
    folded = fold(text)
    # In capitals throughout, "TOI MAT NICK" is nobody's mark.
    return bool(_MARKED.search(text) or _NAMED.search(folded) or _ALONE.search(folded))


def is_complaint(text: str) -> bool:
    """Whether a text accuses somebody of what the laws on complaints and denunciations have their own way for."""
    return bool(_COMPLAINT.search(fold(text)))
