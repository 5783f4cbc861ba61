package ordermesh

import (
	"testing"
	"time"
)

func TestTheFirstRepeatComesAtOnceAndNoneAfterMoreThanTheCap(t *testing.T) {
	for range 100 {
		delays := attempts{limits: BackoffDefault}
		if first := delays.next(); first != 0 {
			t.Fatal(first)
		}
		for failed := range 100 {
			ceiling := BackoffDefault.Cap
			if failed < doublingsMax {
				ceiling = min(ceiling, BackoffDefault.Base<<failed)
			}
			if delay := delays.next(); delay < 0 || delay >= ceiling {
				t.Fatal(failed, delay)
			}
		}
		if delays.ended(BackoffDefault.ResetAfter - time.Nanosecond); delays.next() > BackoffDefault.Cap || delays.failed == 1 {
			t.Fatal("forgotten too early")
		}
		if delays.ended(BackoffDefault.ResetAfter); delays.next() != 0 {
			t.Fatal("not forgotten")
		}
	}
}
