package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	marketdatav1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/marketdata/v1"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

// printer prints whole lines, whoever prints.
type printer struct {
	mu  sync.Mutex
	out *json.Encoder
}

func newPrinter(out io.Writer) *printer { return &printer{out: json.NewEncoder(out)} }

func (p *printer) say(line object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.out.Encode(line); err != nil {
		panic(err) // nobody reads us any more
	}
}

// player plays the steps of one case with one client.
type player struct {
	client  *ordermesh.Client
	one     testCase
	lines   *bufio.Reader
	printed *printer
}

func (p *player) play(ctx context.Context, step step, name string) {
	result, err := p.do(ctx, step, name)
	if err != nil {
		p.printed.say(object{"step": name, "error": shownError(err)})
		return
	}
	p.printed.say(object{"step": name, "ok": result})
}

func (p *player) do(ctx context.Context, step step, name string) (object, error) {
	retry := ordermesh.RetryFor(seconds(step.RetryForS))
	switch step.Do {
	case "login":
		return p.login(ctx, step)
	case "place":
		return command(ctx, step, &omsv1.PlaceRequest{IdempotencyKey: step.Key}, retry, p.client.Place)
	case "replace":
		return command(ctx, step, &omsv1.ReplaceRequest{IdempotencyKey: step.Key}, retry, p.client.Replace)
	case "cancel":
		return command(ctx, step, &omsv1.CancelRequest{IdempotencyKey: step.Key}, retry, p.client.Cancel)
	case "get":
		answer, err := p.client.Get(ctx, step.OrderID, retry)
		return shownOrder(answer.GetOrder(), err)
	case "list":
		return p.list(ctx, step)
	case "orders":
		return p.orders(ctx, step, name)
	case "prices":
		return p.prices(ctx, step, name)
	case "wait":
		time.Sleep(seconds(step.Seconds))
		return object{}, nil
	case "together":
		var all sync.WaitGroup
		for number, one := range step.Steps {
			all.Go(func() { p.play(ctx, one, fmt.Sprintf("%s.%d", name, number)) })
		}
		all.Wait()
		return object{}, nil
	default:
		return nil, fmt.Errorf("this driver has no step %q", step.Do)
	}
}

func (p *player) login(ctx context.Context, step step) (object, error) {
	username, password := p.one.Username, p.one.Password
	if step.Username != nil {
		username = *step.Username
	}
	if step.Password != nil {
		password = *step.Password
	}
	user, err := p.client.Login(ctx, username, password)
	return object{"username": user.GetUsername(), "accounts": append([]string{}, user.GetAccounts()...)}, err
}

func command[Request proto.Message, Answer interface{ GetOrder() *omsv1.Order }](
	ctx context.Context, step step, request Request, retry ordermesh.CallOption,
	call func(context.Context, Request, ...ordermesh.CallOption) (Answer, error),
) (object, error) {
	written := proto.Clone(request).(Request)
	if err := protojson.Unmarshal(step.Request, written); err != nil {
		return nil, err
	}
	proto.Merge(written, request) // the key
	answer, err := call(ctx, written, retry)
	return shownOrder(answer.GetOrder(), err)
}

func (p *player) list(ctx context.Context, step step) (object, error) {
	request, ids := &omsv1.ListRequest{}, []string{}
	if err := protojson.Unmarshal(step.Request, request); err != nil {
		return nil, err
	}
	for {
		page, err := p.client.Orders(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, order := range page.GetOrders() {
			ids = append(ids, order.GetOrderId())
		}
		if page.GetNextPageToken() == "" {
			return object{"order_ids": ids}, nil
		}
		request.PageToken = page.GetNextPageToken()
	}
}

func (p *player) orders(ctx context.Context, step step, name string) (object, error) {
	stream := p.client.WatchOrders(ctx, ordermesh.OrderWatch{Accounts: step.Accounts})
	defer stream.Close()
	copies, events := ordermesh.OrderCopies{}, 0
	for !orderReached(step.Until, stream) {
		item, err := stream.Next(ctx)
		if err != nil {
			return nil, err
		}
		copies.Apply(item)
		event := item.GetEvent()
		if event == nil {
			continue
		}
		events++
		p.printed.say(object{"step": name, "event": object{
			"account": event.GetAccountId(), "sequence": event.GetSequence(), "order_id": event.GetOrderId(),
		}})
		if events == step.HoldAfter {
			p.printed.say(object{"step": name, "held": true})
			if _, err := p.lines.ReadBytes('\n'); err != nil {
				return nil, err
			}
		}
	}
	return shownOrders(copies.All())
}

func orderReached(until map[string]uint64, stream *ordermesh.OrderStream) bool {
	at := stream.Cursors()
	for account, sequence := range until {
		if at[account] == nil || at[account].GetSequence() < sequence {
			return false
		}
	}
	return true
}

func (p *player) prices(ctx context.Context, step step, name string) (object, error) {
	mode := marketdatav1.DeliveryMode(marketdatav1.DeliveryMode_value["DELIVERY_MODE_"+step.Mode])
	stream := p.client.WatchPrices(ctx, ordermesh.PriceWatch{Subscription: &marketdatav1.Subscription{
		InstrumentIds: step.Instrument, Topics: []marketdatav1.Topic{marketdatav1.Topic_TOPIC_QUOTE},
		Mode: mode, IntervalMs: step.IntervalMs,
	}})
	defer stream.Close()
	last, reached := object{}, map[string]uint64{}
	for !priceReached(step.Until, reached) {
		item, err := stream.Next(ctx)
		if err != nil {
			return nil, err
		}
		update := item.GetUpdate()
		if update == nil {
			continue
		}
		bid, err := plain(update.GetQuote().GetBidPrice())
		if err != nil {
			return nil, err
		}
		reached[update.GetInstrumentId()] = update.GetSequence()
		last[update.GetInstrumentId()] = object{"sequence": update.GetSequence(), "bid_price": bid}
		p.printed.say(object{"step": name, "update": object{
			"instrument": update.GetInstrumentId(), "sequence": update.GetSequence(),
			"conflated": update.GetConflatedUpdates(), "bid_price": bid,
		}})
	}
	return object{"last": last}, nil
}

func priceReached(until, at map[string]uint64) bool {
	for instrument, sequence := range until {
		if at[instrument] < sequence {
			return false
		}
	}
	return true
}

func shownOrders(orders map[string]*omsv1.Order) (object, error) {
	shown, ids := []object{}, []string{}
	for id := range orders {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		one, err := shownOrder(orders[id], nil)
		if err != nil {
			return nil, err
		}
		shown = append(shown, one)
	}
	return object{"orders": shown}, nil
}

func shownOrder(order *omsv1.Order, err error) (object, error) {
	if err != nil {
		return nil, err
	}
	shown := object{
		"order_id": order.GetOrderId(), "last_sequence": order.GetLastSequence(),
		// The name of a state, or the number of one that this version does not know.
		"state": strings.TrimPrefix(order.GetProgress().GetState().String(), "ORDER_STATE_"),
	}
	for name, text := range map[string]string{
		"quantity":     order.GetTerms().GetQuantity(),
		"limit_price":  order.GetTerms().GetLimitPrice(),
		"cum_quantity": order.GetProgress().GetCumQuantity(),
	} {
		if shown[name], err = plain(text); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// plain is a decimal through the client's exact type.
func plain(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	number, err := ordermesh.ParseDecimal(text)
	return number.String(), err
}

func shownError(err error) object {
	var refused *ordermesh.RefusedError
	var unreachable *ordermesh.UnreachableError
	switch {
	case errors.Is(err, ordermesh.ErrNotLoggedIn):
		return object{"kind": "not_logged_in"}
	case errors.As(err, &refused):
		return object{
			"kind": "refused", "code": rpccode.Code(refused.Code).String(), "reason": refused.ReasonName,
			"retry_class": refused.Metadata["retry_class"], "field": refused.Field,
		}
	case errors.As(err, &unreachable):
		return object{"kind": "unreachable"}
	default:
		return object{"kind": err.Error()}
	}
}
