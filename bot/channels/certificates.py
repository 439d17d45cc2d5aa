"""Telling that a connection failed for the other side's certificate."""

from __future__ import annotations

import ssl


def is_certificate_fault(error: BaseException | None) -> bool:
    """Tell whether an error, or what it came from, is a certificate that is not trusted."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
