package ordermesh

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/shopspring/decimal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

// MarketOrder makes the request of a market order for the day. Its fields are free to be changed
// before it is placed.
func MarketOrder(account, instrument string, side omsv1.Side, quantity decimal.Decimal) *omsv1.PlaceRequest {
	return &omsv1.PlaceRequest{
		AccountId: account, InstrumentId: instrument, Side: side, Type: omsv1.OrderType_ORDER_TYPE_MARKET,
		Terms: &omsv1.OrderTerms{Quantity: quantity.String(), TimeInForce: omsv1.TimeInForce_TIME_IN_FORCE_DAY},
	}
}

// LimitOrder makes the request of a limit order for the day.
func LimitOrder(account, instrument string, side omsv1.Side, quantity, price decimal.Decimal) *omsv1.PlaceRequest {
	request := MarketOrder(account, instrument, side, quantity)
	request.Type = omsv1.OrderType_ORDER_TYPE_LIMIT
	request.Terms.LimitPrice = price.String()
	return request
}

// Place places an order. One request is one intent: without an idempotency key it is given one, which
// stays in the request, so that placing the same request again never makes a second order. Make a new
// request for a new order. Errors are a CommandError.
func (c *Client) Place(ctx context.Context, request *omsv1.PlaceRequest, options ...CallOption) (*omsv1.PlaceResponse, error) {
	return Call(ctx, c, c.orders.Place, request, options...)
}

// Replace changes an open order; Terms are the complete new ones. Keys are as in Place.
func (c *Client) Replace(ctx context.Context, request *omsv1.ReplaceRequest, options ...CallOption) (*omsv1.ReplaceResponse, error) {
	return Call(ctx, c, c.orders.Replace, request, options...)
}

// Cancel cancels an open order. Keys are as in Place.
func (c *Client) Cancel(ctx context.Context, request *omsv1.CancelRequest, options ...CallOption) (*omsv1.CancelResponse, error) {
	return Call(ctx, c, c.orders.Cancel, request, options...)
}

// CancelAll cancels the open orders of an account; each has its own result. Keys are as in Place.
func (c *Client) CancelAll(ctx context.Context, request *omsv1.CancelAllRequest, options ...CallOption) (*omsv1.CancelAllResponse, error) {
	return Call(ctx, c, c.orders.CancelAll, request, options...)
}

// Get returns an order with its executions.
func (c *Client) Get(ctx context.Context, orderID string, options ...CallOption) (*omsv1.GetResponse, error) {
	return Read(ctx, c, c.orders.Get, &omsv1.GetRequest{OrderId: orderID}, options...)
}

// Orders returns one page of orders; pass its NextPageToken in the next request, until it is empty.
// A page may be empty and still have a token.
func (c *Client) Orders(ctx context.Context, request *omsv1.ListRequest, options ...CallOption) (*omsv1.ListResponse, error) {
	return Read(ctx, c, c.orders.List, request, options...)
}

// CallOption changes one call.
type CallOption func(*callOptions)

type callOptions struct{ retryFor time.Duration }

// RetryFor is for how long this call is repeated, in place of Config.RetryFor; 0 is once.
func RetryFor(time time.Duration) CallOption {
	return func(chosen *callOptions) { chosen.retryFor = time }
}

// RPC is a method of a generated stub.
type RPC[Request proto.Message, Answer any] func(context.Context, Request, ...grpc.CallOption) (Answer, error)

const keyField protoreflect.Name = "idempotency_key"

// Call calls any unary rpc: Call(ctx, mesh, stub.GoFlat, request). A request that has an idempotency
// key is given one if it has none, and is sent again with it, for Config.RetryFor, while repeating may
// help: after a lost answer, or a refusal of the class RETRYABLE. Its error is a CommandError. A
// request without such a field is sent once.
func Call[Request proto.Message, Answer any](
	ctx context.Context, client *Client, rpc RPC[Request, Answer], request Request, options ...CallOption,
) (Answer, error) {
	field := request.ProtoReflect().Descriptor().Fields().ByName(keyField)
	if field == nil {
		return once(ctx, client, rpc, request)
	}
	key := request.ProtoReflect().Get(field).String()
	if key == "" {
		key = rand.Text()
		request.ProtoReflect().Set(field, protoreflect.ValueOfString(key))
	}
	// The same bytes with every attempt, whatever the program does with its request meanwhile.
	sent := proto.Clone(request).(Request)
	answer, tried, err := repeated(ctx, client, rpc, sent, options)
	if err != nil {
		return answer, &CommandError{IdempotencyKey: key, Ambiguous: tried.ambiguous, Attempts: tried.attempts, err: err}
	}
	return answer, nil
}

// Read calls a unary rpc that changes nothing; it is repeated as Call repeats a command.
func Read[Request proto.Message, Answer any](
	ctx context.Context, client *Client, rpc RPC[Request, Answer], request Request, options ...CallOption,
) (Answer, error) {
	answer, _, err := repeated(ctx, client, rpc, request, options)
	return answer, err
}

// trial is what is known about the attempts of one command.
type trial struct {
	attempts  int
	ambiguous bool
}

func repeated[Request proto.Message, Answer any](
	ctx context.Context, client *Client, rpc RPC[Request, Answer], request Request, options []CallOption,
) (Answer, trial, error) {
	chosen := callOptions{retryFor: client.config.RetryFor}
	for _, option := range options {
		option(&chosen)
	}
	delays := attempts{limits: client.config.Backoff}
	until := time.Now().Add(chosen.retryFor)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Before(until) {
		until = deadline
	}
	var tried trial
	for {
		answer, err := once(ctx, client, rpc, request)
		tried.attempts++
		if err == nil {
			return answer, tried, nil
		}
		tried.ambiguous = ambiguous(err) || (tried.ambiguous && !settled(err))
		wait, worth := worthRepeating(err)
		wait = max(wait, delays.next())
		if !worth || chosen.retryFor <= 0 || ctx.Err() != nil || time.Now().Add(wait).After(until) {
			return answer, tried, err
		}
		client.config.Logger.DebugContext(ctx, "a call is repeated", "after", err, "wait", wait)
		if pause(ctx, wait) != nil {
			return answer, tried, err
		}
	}
}

// worthRepeating says whether the same request may succeed, and the least time to wait.
func worthRepeating(err error) (time.Duration, bool) {
	if errors.Is(err, ErrNotLoggedIn) {
		return 0, false
	}
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.RetryAfter, refused.Retryable()
	}
	var unreachable *UnreachableError
	return 0, errors.As(err, &unreachable)
}

func once[Request proto.Message, Answer any](
	ctx context.Context, client *Client, rpc RPC[Request, Answer], request Request,
) (Answer, error) {
	attempt, cancel := context.WithTimeout(ctx, client.config.CallTimeout)
	defer cancel()
	answer, err := rpc(attempt, request)
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		// The end of an attempt is no end of the program's own context.
		unreachable.cause = ctx.Err()
	}
	return answer, err
}
