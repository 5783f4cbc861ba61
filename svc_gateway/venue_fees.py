"""The `fees` part of an orders session in the venues file: what the venue charges.

The OMS routes by net prices and gets the schedule from here. Amounts are canonical decimals in
quotes, in the schedule's currency; a charge is positive, a rebate negative.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kernel.decimals import FRACTION_DIGITS_MAX, parse_decimal


def _decimal(text: str) -> str:
    parse_decimal(text)
    return text


def _decimal_or_none(text: str) -> str:
    return text and _decimal(text)


def _basis_points(text: str) -> str:
    if abs(parse_decimal(text)) >= _WHOLE_BPS:
        raise ValueError("must be above -10000 and below 10000, which is the whole value")
    return text


_WHOLE_BPS = 10_000
Amount = Annotated[str, AfterValidator(_decimal)]
OptionalAmount = Annotated[str, AfterValidator(_decimal_or_none)]


class FeeRateConfig(BaseModel):
    """Per share, on the value, and fixed: added up, then bounded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_share: Amount = "0"
    # Of quantity times price: "1.5" is 0.015 %.
    basis_points: Annotated[str, AfterValidator(_basis_points)] = "0"
    # Per order or execution, see basis.
    fixed: Amount = "0"
    # Per order or execution; empty for none.
    minimum: OptionalAmount = ""
    maximum: OptionalAmount = ""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if (
            self.minimum
            and self.maximum
            and parse_decimal(self.minimum) > parse_decimal(self.maximum)
        ):
            raise ValueError(
                f"minimum {self.minimum} is above maximum {self.maximum}: it must not be"
            )
        return self


class FeesConfig(BaseModel):
    """What a venue charges for executions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # ISO 4217, of all amounts; listings in another currency are not routed to this venue.
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    # Executions that take liquidity.
    taker: FeeRateConfig = FeeRateConfig()
    # Executions of orders that rested.
    maker: FeeRateConfig = FeeRateConfig()
    # What fixed, minimum, maximum and the rounding apply to.
    basis: Literal["order", "execution"] = "order"
    # Digits after the point of an amount that the venue charges.
    places: Annotated[int, Field(ge=0, le=FRACTION_DIGITS_MAX)] = 2
    # half_even | half_up (ties away from zero) | up (away from zero) | down (towards zero)
    rounding: Literal["half_even", "half_up", "up", "down"] = "half_even"
    # The venue's name of the schedule, for the record of a decision.
    version: Annotated[str, Field(max_length=64)] = ""
