"""The side of an order as Side(54) has it."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Side(IntEnum):
    """Side(54); numbers of ordermesh.oms.v1.Side."""

    BUY = 1
    SELL = 2
    SELL_SHORT = 3
    SELL_SHORT_EXEMPT = 4


CODE_OF_SIDE: Final[Mapping[int, str]] = {
    Side.BUY: "1",
    Side.SELL: "2",
    Side.SELL_SHORT: "5",
    Side.SELL_SHORT_EXEMPT: "6",
}
"""The character of Side(54)."""

SIDE_OF_CODE: Final = {code: Side(side) for side, code in CODE_OF_SIDE.items()}
