package ordermesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

const (
	errorDomain  = "ordermesh"
	reasonPrefix = "ERROR_REASON_"
	classPrefix  = "RETRY_CLASS_"
)

// ErrNotLoggedIn means that there is no login, or that it has ended.
var ErrNotLoggedIn = errors.New("ordermesh: not logged in")

// RefusedError is a refusal of the mesh.
type RefusedError struct {
	// Code is the gRPC status.
	Code codes.Code
	// Reason is why. UNSPECIFIED if this version of the client does not know ReasonName.
	Reason typev1.ErrorReason
	// ReasonName is the reason as sent: "PRICE_OFF_TICK". Of a status that is not the mesh's own, its
	// name: "PERMISSION_DENIED".
	ReasonName string
	// RetryClass is what the caller can do about it.
	RetryClass typev1.RetryClass
	// Text is a sentence for people.
	Text string
	// Field is the path of the field at fault: "terms.limit_price". Empty if none is.
	Field string
	// RetryAfter is how long to wait before a repeat; 0 if the mesh did not say.
	RetryAfter time.Duration
	// Metadata has every value of Text, by name.
	Metadata map[string]string

	status *status.Status
}

// Error gives the reason and the sentence.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("ordermesh: refused, %s: %s", e.ReasonName, e.Text)
}

// GRPCStatus lets status.Code and status.FromError see the status.
func (e *RefusedError) GRPCStatus() *status.Status { return e.status }

// Retryable says whether the same request, with the same idempotency key, may succeed later. The
// client has repeated it already, for Config.RetryFor.
func (e *RefusedError) Retryable() bool {
	// An order that never reached the venue keeps this result under its key: it needs a new one.
	return e.RetryClass == typev1.RetryClass_RETRY_CLASS_RETRYABLE &&
		e.Reason != typev1.ErrorReason_ERROR_REASON_NOT_SENT
}

// UnreachableError means that no answer came: nobody answers at the edge, a server was killed, or the
// time was up.
type UnreachableError struct {
	// Code is the gRPC status with which the call ended.
	Code codes.Code
	// Text is what gRPC says.
	Text string

	cause  error
	status *status.Status
}

// Error says what gRPC says.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("ordermesh: the mesh does not answer (%s: %s)", e.Code, e.Text)
}

// GRPCStatus lets status.Code and status.FromError see the status.
func (e *UnreachableError) GRPCStatus() *status.Status { return e.status }

// Unwrap gives the error of the context, if that ended the call.
func (e *UnreachableError) Unwrap() error { return e.cause }

// CommandError is why a command has no result. It wraps a RefusedError, an UnreachableError or
// ErrNotLoggedIn.
type CommandError struct {
	// IdempotencyKey of the command. The same request with this key gives the first result, whatever
	// became of this attempt.
	IdempotencyKey string
	// Ambiguous is true if the command may have been carried out. Repeat it with the same key, or look
	// at the order stream; never send it with another key.
	Ambiguous bool
	// Attempts that were made.
	Attempts int

	err error
}

// Error gives the cause, and whether the command may have been carried out.
func (e *CommandError) Error() string {
	if !e.Ambiguous {
		return e.err.Error()
	}
	return fmt.Sprintf("%v; the command may have been carried out: repeat it with key %s", e.err, e.IdempotencyKey)
}

// Unwrap gives the cause.
func (e *CommandError) Unwrap() error { return e.err }

// unsentError is why a call could not be made: there was no token for it.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// Without a reason of the mesh, these are about the way to it: a killed service shows as UNKNOWN or
// INTERNAL, a stream that was reset as CANCELLED.
func lost(status codes.Code) bool {
	switch status {
	case codes.Unavailable, codes.Unknown, codes.DeadlineExceeded, codes.Internal, codes.Canceled,
		codes.Aborted, codes.DataLoss:
		return true
	default:
		return false
	}
}

// typedError turns the error of a call into a RefusedError or an UnreachableError. Other errors, such
// as ErrNotLoggedIn, are returned as they are.
func typedError(ctx context.Context, err error) error {
	var refused *RefusedError
	var unreachable *UnreachableError
	if err == nil || errors.Is(err, ErrNotLoggedIn) || errors.As(err, &refused) || errors.As(err, &unreachable) {
		return err
	}
	found, ok := status.FromError(err)
	if !ok {
		return err
	}
	refused = refusal(found)
	if refused.ReasonName == "" && lost(found.Code()) {
		return &UnreachableError{Code: found.Code(), Text: found.Message(), cause: ctx.Err(), status: found}
	}
	refused.ReasonName = cmp.Or(refused.ReasonName, code.Code(found.Code()).String())
	return refused
}

// givenUp is the error of a context that ended before the mesh was asked.
func givenUp(ctx context.Context, text string) error {
	found := status.New(status.FromContextError(ctx.Err()).Code(), text)
	return &UnreachableError{Code: found.Code(), Text: text, cause: ctx.Err(), status: found}
}

func refusal(from *status.Status) *RefusedError {
	refused := &RefusedError{Code: from.Code(), Text: from.Message(), status: from}
	for _, detail := range from.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == errorDomain {
				refused.take(detail)
			}
		case *errdetails.RetryInfo:
			refused.RetryAfter = max(0, detail.GetRetryDelay().AsDuration())
		}
	}
	return refused
}

func (e *RefusedError) take(info *errdetails.ErrorInfo) {
	e.ReasonName = strings.TrimPrefix(info.GetReason(), reasonPrefix)
	e.Reason = typev1.ErrorReason(typev1.ErrorReason_value[reasonPrefix+e.ReasonName])
	e.Metadata = info.GetMetadata()
	e.Field = e.Metadata["field"]
	e.RetryClass = typev1.RetryClass(typev1.RetryClass_value[classPrefix+e.Metadata["retry_class"]])
}

// ambiguous says whether the attempt that ended with err may have been carried out.
func ambiguous(err error) bool {
	var unsent *unsentError
	if errors.As(err, &unsent) {
		return false
	}
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Reason == typev1.ErrorReason_ERROR_REASON_INTERNAL ||
			refused.Reason == typev1.ErrorReason_ERROR_REASON_COMMAND_OUTCOME_UNKNOWN
	}
	var unreachable *UnreachableError
	return errors.As(err, &unreachable)
}

// settled says whether a refusal decides about every earlier attempt of the same key, too. The mesh
// looks the key up before it looks at the request, so a command that was carried out is not refused
// for what is in it. What depends on the moment, such as a limit, says nothing about an attempt that
// may still be under way.
func settled(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && refused.Code != codes.Unauthenticated &&
		refused.RetryClass == typev1.RetryClass_RETRY_CLASS_FIX_INPUT
}
