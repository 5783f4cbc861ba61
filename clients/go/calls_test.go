package ordermesh_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

func order() *omsv1.PlaceRequest {
	return ordermesh.LimitOrder(account, "ASML.SIMA", omsv1.Side_SIDE_BUY, decimal.RequireFromString("100.0"), decimal.RequireFromString("99.50"))
}

func placed() *omsv1.PlaceResponse {
	return &omsv1.PlaceResponse{Order: &omsv1.Order{OrderId: "ORDER-1"}}
}

// answers gives each of these errors once, then the order, and notes the keys.
func (m *fakeMesh) answers(errors ...error) *[]string {
	keys := &[]string{}
	m.place = func(_ context.Context, request *omsv1.PlaceRequest) (*omsv1.PlaceResponse, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		*keys = append(*keys, request.GetIdempotencyKey())
		if len(*keys) <= len(errors) {
			return nil, errors[len(*keys)-1]
		}
		return placed(), nil
	}
	return keys
}

func TestACommandIsRepeatedWithItsKeyWhileThatMayHelp(t *testing.T) {
	repeated := map[string]error{
		"a class":            refusal(codes.ResourceExhausted, "OVERLOADED", "RETRYABLE", nil),
		"an unknown reason":  refusal(codes.FailedPrecondition, "OF_TOMORROW", "RETRYABLE", nil),
		"an outcome unknown": refusal(codes.DeadlineExceeded, "COMMAND_OUTCOME_UNKNOWN", "RETRYABLE", nil),
		"a killed service":   status.Error(codes.Unknown, "stream removed"),
		"a killed edge":      status.Error(codes.Internal, "RST_STREAM"),
		"nobody there":       status.Error(codes.Unavailable, "connection refused"),
		"no answer in time":  status.Error(codes.DeadlineExceeded, "deadline"),
		"a reset stream":     status.Error(codes.Canceled, "reset"),
		"an aborted call":    status.Error(codes.Aborted, "aborted"),
		"a broken message":   status.Error(codes.DataLoss, "truncated"),
	}
	for name, err := range repeated {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{}
				keys := mesh.answers(err, err, err)
				request := order()
				answer, err := mesh.loggedIn(t, ordermesh.Config{}).Place(t.Context(), request)
				if err != nil || answer.GetOrder().GetOrderId() != "ORDER-1" {
					t.Fatal(answer, err)
				}
				if len(*keys) != 4 || len(slices.Compact(*keys)) != 1 || (*keys)[0] != request.GetIdempotencyKey() || (*keys)[0] == "" {
					t.Fatal(*keys, request.GetIdempotencyKey())
				}
			})
		})
	}
}

func TestARefusalThatRepeatingDoesNotChangeIsReturnedAtOnce(t *testing.T) {
	for name, given := range map[string]error{
		"fix-input":          refusal(codes.InvalidArgument, "PRICE_OFF_TICK", "FIX_INPUT", nil),
		"not-allowed":        refusal(codes.FailedPrecondition, "MAX_VALUE_EXCEEDED", "NOT_ALLOWED", nil),
		"wait-until":         refusal(codes.FailedPrecondition, "KILL_SWITCH_ENGAGED", "WAIT_UNTIL", nil),
		"an unknown class":   refusal(codes.Unavailable, "OVERLOADED", "OF_TOMORROW", nil),
		"needs a new key":    refusal(codes.Aborted, "NOT_SENT", "RETRYABLE", nil),
		"status of no class": status.Error(codes.InvalidArgument, "no"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{}
				keys := mesh.answers(given)
				_, err := mesh.loggedIn(t, ordermesh.Config{}).Place(t.Context(), order())
				var command *ordermesh.CommandError
				var refused *ordermesh.RefusedError
				if !errors.As(err, &command) || !errors.As(err, &refused) || command.Ambiguous || len(*keys) != 1 {
					t.Fatal(err, *keys)
				}
				if status.Code(err) != status.Code(given) {
					t.Fatal(status.Code(err))
				}
			})
		})
	}
}

func TestARefusalHasItsReasonClassAndField(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.answers(refusal(codes.InvalidArgument, "PRICE_OFF_TICK", "FIX_INPUT", map[string]string{"field": "terms.limit_price", "tick": "0.05"}))
		_, err := mesh.loggedIn(t, ordermesh.Config{}).Place(t.Context(), order())
		var refused *ordermesh.RefusedError
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if refused.Reason != typev1.ErrorReason_ERROR_REASON_PRICE_OFF_TICK || refused.ReasonName != "PRICE_OFF_TICK" ||
			refused.RetryClass != typev1.RetryClass_RETRY_CLASS_FIX_INPUT || refused.Field != "terms.limit_price" ||
			refused.Metadata["tick"] != "0.05" || refused.Text != "a sentence" {
			t.Fatalf("%+v", refused)
		}
	})
}

func TestARepeatWaitsAsLongAsTheMeshSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.answers(later(codes.ResourceExhausted, "RATE_LIMITED", 3*time.Second))
		client := mesh.loggedIn(t, ordermesh.Config{})
		began := time.Now()
		if _, err := client.Place(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 3*time.Second || waited > 4*time.Second {
			t.Fatal(waited)
		}
	})
}

func TestAWaitLongerThanTheTimeThatIsLeftIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.answers(later(codes.ResourceExhausted, "RATE_LIMITED", time.Hour))
		began := time.Now()
		_, err := mesh.loggedIn(t, ordermesh.Config{}).Place(t.Context(), order())
		var refused *ordermesh.RefusedError
		if !errors.As(err, &refused) || !refused.Retryable() || time.Since(began) > time.Second {
			t.Fatal(err, time.Since(began))
		}
	})
}

func TestWithoutRetriesACommandIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		lost := status.Error(codes.Unavailable, "gone")
		keys := mesh.answers(lost, lost, lost)
		client := mesh.loggedIn(t, ordermesh.Config{})
		request := order()
		_, err := client.Place(t.Context(), request, ordermesh.RetryFor(0))
		var command *ordermesh.CommandError
		if !errors.As(err, &command) || !command.Ambiguous || command.IdempotencyKey != request.GetIdempotencyKey() || command.Attempts != 1 {
			t.Fatal(err)
		}
		// The same request again is the same intent.
		if _, err := client.Place(t.Context(), request); err != nil || len(slices.Compact(*keys)) != 1 {
			t.Fatal(err, *keys)
		}
	})
}

func TestAnAttemptThatMayHaveBeenCarriedOutStaysAmbiguous(t *testing.T) {
	lost := status.Error(codes.Unavailable, "gone")
	for name, test := range map[string]struct {
		last      error
		ambiguous bool
	}{
		"after it a limit":            {refusal(codes.FailedPrecondition, "MAX_VALUE_EXCEEDED", "NOT_ALLOWED", nil), true},
		"after it a full queue":       {later(codes.ResourceExhausted, "OVERLOADED", time.Hour), true},
		"after it a fault of the key": {refusal(codes.AlreadyExists, "IDEMPOTENCY_KEY_REUSED", "FIX_INPUT", nil), false},
		"after it a fault of a field": {refusal(codes.InvalidArgument, "PRICE_OFF_TICK", "FIX_INPUT", nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{}
				mesh.answers(lost, test.last)
				_, err := mesh.loggedIn(t, ordermesh.Config{}).Place(t.Context(), order())
				var command *ordermesh.CommandError
				if !errors.As(err, &command) || command.Ambiguous != test.ambiguous || command.Attempts != 2 {
					t.Fatalf("%v %+v", err, command)
				}
			})
		})
	}
}

func TestEachAttemptHasADeadlineAndTheContextBoundsThemAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh, tried := &fakeMesh{}, 0
		mesh.place = func(ctx context.Context, _ *omsv1.PlaceRequest) (*omsv1.PlaceResponse, error) {
			tried++
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client := mesh.loggedIn(t, ordermesh.Config{CallTimeout: 2 * time.Second, RetryFor: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.Place(ctx, order())
		var command *ordermesh.CommandError
		if !errors.As(err, &command) || !command.Ambiguous || time.Since(began) > 6*time.Second || tried != 3 {
			t.Fatal(err, time.Since(began), tried)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%#v", err)
		}
	})
}

func TestWithoutALoginNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		keys := mesh.answers()
		_, err := mesh.start(t, ordermesh.Config{}).Place(t.Context(), order())
		var command *ordermesh.CommandError
		if !errors.Is(err, ordermesh.ErrNotLoggedIn) || !errors.As(err, &command) || command.Ambiguous || len(*keys) != 0 {
			t.Fatal(err)
		}
	})
}
