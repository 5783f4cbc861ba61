package ordermesh

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff has the delays between attempts: none before the first repeat, then drawn evenly from 0 to
// a ceiling that doubles from Base up to Cap ("full jitter", so that many clients do not come back
// at the same instant).
type Backoff struct {
	// Base is the ceiling of the second delay; the first is 0.
	Base time.Duration
	// Cap is the highest ceiling.
	Cap time.Duration
	// ResetAfter makes the next delay the first again, once a connection was healthy for so long.
	ResetAfter time.Duration
}

// BackoffDefault is what the stream contract of the mesh asks for.
var BackoffDefault = Backoff{Base: 100 * time.Millisecond, Cap: 5 * time.Second, ResetAfter: 30 * time.Second}

// Doublings beyond this change nothing and would overflow.
const doublingsMax = 20

// attempts counts failures in a row; each stream and each command has its own.
type attempts struct {
	limits Backoff
	failed int
}

func (a *attempts) next() time.Duration {
	a.failed++
	if a.failed == 1 {
		return 0
	}
	ceiling := min(a.limits.Cap, a.limits.Base<<min(a.failed-2, doublingsMax))
	if ceiling <= 0 {
		return 0
	}
	return rand.N(ceiling)
}

func (a *attempts) ended(healthyFor time.Duration) {
	if healthyFor >= a.limits.ResetAfter {
		a.failed = 0
	}
}

// pause waits, or returns the error of the context.
func pause(ctx context.Context, delay time.Duration) error {
	if delay <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
