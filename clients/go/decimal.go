package ordermesh

import (
	"fmt"
	"regexp"

	"github.com/shopspring/decimal"
)

// DecimalCharactersMax bounds the text of a decimal. Fields have at most 18 digits before the point
// and 9 after it; sums, such as a volume, may have more before it.
const DecimalCharactersMax = 64

var canonical = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// ParseDecimal reads a decimal of the mesh exactly. An empty text, which in a message means that there
// is no value, is an error: ask for it before. An exponent is refused: "1e999999999" would be a number
// of a gigabyte.
//
// A decimal is written with its method String, which is the form that the mesh takes.
func ParseDecimal(text string) (decimal.Decimal, error) {
	if len(text) > DecimalCharactersMax || !canonical.MatchString(text) {
		return decimal.Decimal{}, fmt.Errorf(
			"ordermesh: %.80q is no decimal; it should be digits with at most one point, as in 150.25", text)
	}
	return decimal.NewFromString(text)
}
