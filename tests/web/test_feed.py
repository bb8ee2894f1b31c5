"""Which characters a feed can carry."""

import sys

from app.web.feed import sendable


def is_sendable(code: int) -> bool:
    """By the definition of Char in XML 1.0 (fifth edition, 2.2)."""
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def test_each_character_that_xml_cannot_carry_is_replaced_and_no_other() -> None:
    codes = range(sys.maxunicode + 1)
    expected = "".join(chr(code) if is_sendable(code) else "\ufffd" for code in codes)
    assert sendable("".join(map(chr, codes))) == expected
