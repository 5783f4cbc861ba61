package ordermesh

import (
	"context"
	"errors"
	"testing"
	"time"

	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

// The connection may end while an item waits for room in the queue: the program does not get it, so
// the next connection has to ask for it.
func TestNoCursorMovesForAnItemThatTheProgramDoesNotGet(t *testing.T) {
	at := func(sequence uint64) *typev1.Cursor { return &typev1.Cursor{Epoch: "E", Sequence: sequence} }
	event := &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Event{Event: &omsv1.OrderEvent{AccountId: "A", Sequence: 8}}}
	whole := &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_SnapshotComplete{
		SnapshotComplete: &typev1.SnapshotComplete{Channel: "A", Cursor: at(9)}}}
	resync := &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Resync{Resync: &typev1.Resync{Channel: "A"}}}
	for name, test := range map[string]struct {
		before accountLog
		item   *omsv1.OrderStreamItem
	}{
		"an event":                   {accountLog{cursor: at(7)}, event},
		"the end of a snapshot":      {accountLog{partial: true}, whole},
		"an empty snapshot":          {accountLog{}, whole},
		"a resync":                   {accountLog{cursor: at(7)}, resync},
		"a resync within a snapshot": {accountLog{partial: true}, resync},
	} {
		t.Run(name, func(t *testing.T) {
			full, log := errors.New("the connection ended"), test.before
			taker := &orderTaker{
				put:      func(context.Context, *omsv1.OrderStreamItem, string) error { return full },
				accounts: func() []string { return []string{"A"} },
				logs:     map[string]*accountLog{"A": &log},
			}
			if _, err := taker.take(t.Context(), &omsv1.WatchResponse{Items: []*omsv1.OrderStreamItem{test.item}}); !errors.Is(err, full) {
				t.Fatal(err)
			}
			if log != test.before {
				t.Fatalf("%+v, was %+v", log, test.before)
			}
			taker.put = func(context.Context, *omsv1.OrderStreamItem, string) error { return nil }
			request, err := taker.begin(t.Context(), time.Second)
			if err != nil || request.GetAccounts()[0].GetCursor() != test.before.cursor {
				t.Fatal(request, err)
			}
		})
	}
}
