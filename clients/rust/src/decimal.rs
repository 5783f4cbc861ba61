use std::fmt;
use std::str::FromStr as _;

use bigdecimal::BigDecimal;

/// Bounds the text of a decimal. Fields have at most 18 digits before the point and 9 after it;
/// sums, such as a volume, may have more before it.
pub const DECIMAL_CHARACTERS_MAX: usize = 64;

/// A text that is no decimal of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalError {
    text: String,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "{:?} is no decimal; it should be digits with at most one point, as in 150.25",
            self.text
        )
    }
}

impl std::error::Error for DecimalError {}

/// Reads a decimal of the mesh exactly.
///
/// # Errors
/// An empty text, which in a message means that there is no value: ask for it before. An exponent:
/// "1e999999999" would be a number of a gigabyte. More than [`DECIMAL_CHARACTERS_MAX`] characters.
pub fn parse_decimal(text: &str) -> Result<BigDecimal, DecimalError> {
    let shown = || DecimalError { text: text.chars().take(80).collect() };
    if text.len() > DECIMAL_CHARACTERS_MAX || !is_canonical(text) {
        return Err(shown());
    }
    BigDecimal::from_str(text).map_err(|_| shown())
}

/// Writes a decimal in the form that the mesh takes: digits, no exponent.
#[must_use]
pub fn write_decimal(number: &BigDecimal) -> String {
    number.to_plain_string()
}

fn is_canonical(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) =
        unsigned.split_once('.').map_or((unsigned, None), |(a, b)| (a, Some(b)));
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_the_mesh_come_back_as_they_were() {
        let long = "123456789012345678901234567890123456789.000000001";
        for text in ["0", "-1", "150.25", "0.000000001", "999999999999999999.999999999", long] {
            assert_eq!(write_decimal(&parse_decimal(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_decimal_of_the_mesh_is_refused() {
        for text in [
            "",
            " ",
            "1e3",
            "1e999999999",
            "NaN",
            "+1",
            ".5",
            "5.",
            "01",
            "1.2.3",
            "1,5",
            "--1",
            "\u{0661}",
        ] {
            assert!(parse_decimal(text).is_err(), "{text:?}");
        }
        assert!(parse_decimal(&"9".repeat(DECIMAL_CHARACTERS_MAX + 1)).is_err());
    }

    #[test]
    fn a_number_of_the_program_is_written_without_an_exponent() {
        assert_eq!(write_decimal(&BigDecimal::from_str("1e5").unwrap()), "100000");
        assert_eq!(write_decimal(&BigDecimal::from(100)), "100");
    }
}
