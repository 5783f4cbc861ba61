package ordermesh_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
)

func TestADecimalIsReadExactlyAndWrittenAsTheMeshTakesIt(t *testing.T) {
	for _, text := range []string{"0", "-0.000000001", "150.25", "999999999999999999.999999999", "12345678901234567890123456789"} {
		if got, err := ordermesh.ParseDecimal(text); err != nil || got.String() != text {
			t.Fatal(text, got, err)
		}
	}
	if got := decimal.RequireFromString("100.500").String(); got != "100.5" {
		t.Fatal(got)
	}
}

func TestWhatIsNoDecimalIsRefused(t *testing.T) {
	for _, text := range []string{"", ".5", "1.", "1e3", "1E999999999", "+1", "01", "1,5", " 1", "NaN", "Inf", "0x10", "١", strings.Repeat("9", 65)} {
		if got, err := ordermesh.ParseDecimal(text); err == nil {
			t.Fatal(text, got)
		}
	}
}

func TestAConfigurationThatCannotWorkIsRefusedWithItsField(t *testing.T) {
	for field, config := range map[string]ordermesh.Config{
		"Config.Target":      {},
		"Config.Heartbeat":   {Target: "localhost:1", Heartbeat: 1500 * time.Millisecond},
		"Config.Backoff":     {Target: "localhost:1", Backoff: ordermesh.Backoff{Cap: -1}},
		"Config.CallTimeout": {Target: "localhost:1", CallTimeout: -1},
		"Config.CAFile":      {Target: "localhost:1", CAFile: "values_test.go"},
	} {
		if _, err := ordermesh.New(config); err == nil || !strings.Contains(err.Error(), field) {
			t.Fatal(field, err)
		}
	}
}
