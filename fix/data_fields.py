"""Fields of type data: the only ones whose value may contain SOH, the delimiter of fields.

A length field says how many bytes the value has. QuickFIX and our own readers cut at every SOH. So
the guard process replaces each SOH in a value by a space, where the length is right. A data field
with a wrong length, or without one, is read like any text: to the next SOH.
"""

import re
from typing import Final

DATA_FIELDS: Final = {
    90: 91,  # SecureDataLen, SecureData
    93: 89,  # SignatureLength, Signature
    95: 96,  # RawDataLength, RawData
    212: 213,  # XmlDataLen, XmlData
    348: 349,  # EncodedIssuerLen, EncodedIssuer
    350: 351,  # EncodedSecurityDescLen, EncodedSecurityDesc
    352: 353,  # EncodedListExecInstLen, EncodedListExecInst
    354: 355,  # EncodedTextLen, EncodedText
    356: 357,  # EncodedSubjectLen, EncodedSubject
    358: 359,  # EncodedHeadlineLen, EncodedHeadline
    360: 361,  # EncodedAllocTextLen, EncodedAllocText
    362: 363,  # EncodedUnderlyingIssuerLen, EncodedUnderlyingIssuer
    364: 365,  # EncodedUnderlyingSecurityDescLen, EncodedUnderlyingSecurityDesc
    445: 446,  # EncodedListStatusTextLen, EncodedListStatusText
    618: 619,  # EncodedLegIssuerLen, EncodedLegIssuer
    621: 622,  # EncodedLegSecurityDescLen, EncodedLegSecurityDesc
}
"""Every data field of FIX 4.4 by its length field (FIX44.xml, type DATA)."""

_SOH, _SPACE = b"\x01", b" "
# A length field, and the data field that must follow it.
_PAIR = re.compile(
    b"\x01(?:%b)"
    % b"|".join(b"%d=([0-9]{1,9})\x01%d=" % (length, data) for length, data in DATA_FIELDS.items())
)


def without_delimiters(message: bytes) -> bytes:
    """Return a message of the same length without SOH in the value of a data field."""
    place, parts = 0, []
    while (found := _PAIR.search(message, place)) is not None:
        end = found.end() + int(found[found.lastindex or 1])
        if message[end : end + 1] != _SOH:
            # The length is wrong.
            end = found.end()
        parts += [message[place : found.end()], message[found.end() : end].replace(_SOH, _SPACE)]
        place = end
    return b"".join([*parts, message[place:]]) if parts else message
