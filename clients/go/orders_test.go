package ordermesh_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

func orderAt(sequence uint64) *omsv1.Order {
	return &omsv1.Order{OrderId: fmt.Sprintf("ORDER-%d", sequence%3), AccountId: account, LastSequence: sequence}
}

func event(sequence uint64) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Order: orderAt(sequence), Item: &omsv1.OrderStreamItem_Event{Event: &omsv1.OrderEvent{
		AccountId: account, Sequence: sequence, OrderId: orderAt(sequence).GetOrderId(),
	}}}
}

func snapshot(sequence uint64) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Snapshot{Snapshot: orderAt(sequence)}}
}

func cursor(epoch string, sequence uint64) *typev1.Cursor {
	return &typev1.Cursor{Epoch: epoch, Sequence: sequence}
}

func complete(at *typev1.Cursor) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_SnapshotComplete{
		SnapshotComplete: &typev1.SnapshotComplete{Cursor: at, Channel: account}}}
}

func beat(at *typev1.Cursor) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Heartbeat{
		Heartbeat: &typev1.Heartbeat{HighWater: at, Channel: account}}}
}

func resync(cause typev1.ResyncCause) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Resync{Resync: &typev1.Resync{Cause: cause, Channel: account}}}
}

func drain(cause typev1.DrainCause, after time.Duration) *omsv1.OrderStreamItem {
	return &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Drain{
		Drain: &typev1.Drain{Cause: cause, RetryAfter: durationpb.New(after)}}}
}

// connection is what the mesh sends on one connection, one frame an item, and how it ends; without an
// end it stays open.
type connection struct {
	items []*omsv1.OrderStreamItem
	end   error
}

// asked is what a client opened a stream with.
type asked struct {
	accounts []*omsv1.AccountCursor
	token    string
	at       time.Time
}

// plays serves these connections, one after another; the last one again and again.
func (m *fakeMesh) plays(connections ...connection) *[]asked {
	opened := &[]asked{}
	m.orders = func(request *omsv1.WatchRequest, stream omsv1.OrderService_WatchServer) error {
		m.mu.Lock()
		one := connections[min(len(*opened), len(connections)-1)]
		*opened = append(*opened, asked{request.GetAccounts(), tokenOf(stream.Context()), time.Now()})
		m.mu.Unlock()
		for _, item := range one.items {
			if err := stream.Send(&omsv1.WatchResponse{Items: []*omsv1.OrderStreamItem{item}}); err != nil {
				return err
			}
		}
		if one.end == nil {
			<-stream.Context().Done()
		}
		return one.end
	}
	return opened
}

// read takes items up to the event with this sequence, and returns the sequences of all events.
func read(t *testing.T, stream *ordermesh.OrderStream, last uint64) []uint64 {
	t.Helper()
	var got []uint64
	for item, err := range stream.Items(t.Context()) {
		if err != nil {
			t.Fatal(got, err)
		}
		if item.GetEvent() != nil {
			got = append(got, item.GetEvent().GetSequence())
		}
		if item.GetEvent().GetSequence() == last {
			break
		}
	}
	return got
}

func upTo(last uint64) []uint64 {
	var all []uint64
	for sequence := uint64(1); sequence <= last; sequence++ {
		all = append(all, sequence)
	}
	return all
}

// serveLog is a mesh that keeps a log of events and resumes where it is asked to; each connection ends
// after its number of items.
func (m *fakeMesh) serveLog(last uint64, cuts ...int) {
	connections := 0
	m.orders = func(request *omsv1.WatchRequest, stream omsv1.OrderService_WatchServer) error {
		m.mu.Lock()
		left := 1 << 30
		if connections < len(cuts) {
			left = cuts[connections]
		}
		connections++
		m.mu.Unlock()
		var items []*omsv1.OrderStreamItem
		from := request.GetAccounts()[0].GetCursor()
		if from == nil {
			items = append(items, complete(cursor("E", 0)))
		}
		for sequence := from.GetSequence() + 1; sequence <= last; sequence++ {
			items = append(items, event(sequence))
		}
		for _, item := range items {
			if left--; left < 0 {
				return status.Error(codes.Unavailable, "cut")
			}
			if err := stream.Send(&omsv1.WatchResponse{Items: []*omsv1.OrderStreamItem{item}}); err != nil {
				return err
			}
		}
		<-stream.Context().Done()
		return nil
	}
}

func TestEachEventComesOnceWhereverTheStreamIsCut(t *testing.T) {
	const last = 6
	for first := range last + 2 {
		for second := range 3 {
			t.Run(fmt.Sprint(first, second), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mesh := &fakeMesh{}
					mesh.serveLog(last, first, second)
					stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
					defer stream.Close()
					if got := read(t, stream, last); !slices.Equal(got, upTo(last)) {
						t.Fatal(got)
					}
				})
			})
		}
	}
}

func TestRepeatedEventsAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.plays(connection{items: []*omsv1.OrderStreamItem{
			complete(cursor("E", 0)), event(1), event(1), event(2), event(1), event(2), event(3),
		}})
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 3); !slices.Equal(got, upTo(3)) {
			t.Fatal(got)
		}
	})
}

func TestAHoleIsReadAgainFromTheLastEventAndThenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		holed := []*omsv1.OrderStreamItem{event(4)}
		opened := mesh.plays(
			connection{items: append([]*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1), event(2)}, holed...)},
			connection{items: holed},
			connection{items: []*omsv1.OrderStreamItem{snapshot(4), complete(cursor("E", 4)), event(5)}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 5); !slices.Equal(got, []uint64{1, 2, 5}) {
			t.Fatal(got)
		}
		if second := (*opened)[1].accounts[0].GetCursor(); second.GetSequence() != 2 || second.GetEpoch() != "E" {
			t.Fatal(second)
		}
		if third := (*opened)[2].accounts[0].GetCursor(); third != nil {
			t.Fatal(third)
		}
	})
}

func TestASecondHeartbeatAboveWhatCameOpensTheStreamAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		opened := mesh.plays(
			connection{items: []*omsv1.OrderStreamItem{
				complete(cursor("E", 0)), event(1), beat(cursor("E", 2)), beat(cursor("E", 2)),
			}},
			connection{items: []*omsv1.OrderStreamItem{event(2)}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 2); !slices.Equal(got, upTo(2)) || len(*opened) != 2 {
			t.Fatal(got, len(*opened))
		}
	})
}

func TestAHeartbeatMayOvertakeTheEventsOfItsMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		opened := mesh.plays(connection{items: []*omsv1.OrderStreamItem{
			complete(cursor("E", 0)), beat(cursor("E", 1)), event(1), beat(cursor("E", 2)), event(2),
		}})
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 2); !slices.Equal(got, upTo(2)) || len(*opened) != 1 {
			t.Fatal(got, len(*opened))
		}
	})
}

func TestSilenceEndsAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		opened := mesh.plays(
			connection{items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1)}},
			connection{items: []*omsv1.OrderStreamItem{event(2)}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{Heartbeat: 2 * time.Second}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 2); !slices.Equal(got, upTo(2)) {
			t.Fatal(got)
		}
		if silent := (*opened)[1].at.Sub((*opened)[0].at); silent < 5*time.Second || silent > 6*time.Second {
			t.Fatal(silent)
		}
	})
}

func TestADrainIsWaitedForAndIsNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		opened := mesh.plays(
			connection{
				items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1), drain(typev1.DrainCause_DRAIN_CAUSE_SHUTDOWN, 2*time.Second)},
				end:   status.Error(codes.Unavailable, "draining"),
			},
			connection{items: []*omsv1.OrderStreamItem{event(2)}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		for item, err := range stream.Items(t.Context()) {
			if err != nil || item.GetGap() != nil || item.GetDrain() != nil {
				t.Fatal(item, err)
			}
			if item.GetEvent().GetSequence() == 2 {
				break
			}
		}
		if waited := (*opened)[1].at.Sub((*opened)[0].at); waited < 2*time.Second || waited > 3*time.Second {
			t.Fatal(waited)
		}
	})
}

func TestBeforeAStreamIsResumedTheTokenIsRenewed(t *testing.T) {
	for name, first := range map[string]connection{
		"drained": {
			items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1), drain(typev1.DrainCause_DRAIN_CAUSE_TOKEN_EXPIRY, 0)},
			end:   status.Error(codes.Unavailable, "draining"),
		},
		"refused": {
			items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1)},
			end:   refusal(codes.Unauthenticated, "TOKEN_EXPIRED", "RETRYABLE", nil),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{}
				opened := mesh.plays(first, connection{items: []*omsv1.OrderStreamItem{event(2)}})
				stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
				defer stream.Close()
				if got := read(t, stream, 2); !slices.Equal(got, upTo(2)) {
					t.Fatal(got)
				}
				if (*opened)[0].token == (*opened)[1].token {
					t.Fatal("the same token")
				}
			})
		})
	}
}

func TestAStreamEndsOnlyWithWhatAnotherAttemptDoesNotChange(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{}
				refused := connection{end: status.Error(code, "no")}
				opened := mesh.plays(refused, refused, connection{items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1)}})
				stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
				defer stream.Close()
				var err error
				var item *omsv1.OrderStreamItem
				for err == nil && item.GetEvent() == nil {
					item, err = stream.Next(t.Context())
				}
				var final *ordermesh.RefusedError
				want := map[codes.Code]int{
					codes.Unauthenticated: 2, codes.PermissionDenied: 1, codes.InvalidArgument: 1, codes.Unimplemented: 1, codes.NotFound: 1,
				}[code]
				if want == 0 {
					want = 3
				}
				if errors.As(err, &final) != (want < 3) || len(*opened) != want {
					t.Fatal(err, len(*opened))
				}
			})
		})
	}
}

func TestARefusalOfAPermanentStatusThatIsRetryableIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.plays(connection{end: refusal(codes.NotFound, "OF_TOMORROW", "RETRYABLE", nil)},
			connection{items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1)}})
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		read(t, stream, 1)
	})
}

func TestASnapshotThatBrokeOffIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.plays(
			connection{items: []*omsv1.OrderStreamItem{snapshot(1), snapshot(2)}, end: status.Error(codes.Unknown, "killed")},
			connection{items: []*omsv1.OrderStreamItem{snapshot(3), complete(cursor("E", 3)), event(4)}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		copies := ordermesh.OrderCopies{}
		for item, err := range stream.Items(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			copies.Apply(item)
			if item.GetEvent() != nil {
				break
			}
		}
		if len(copies.All()) != 2 || copies.Get("ORDER-0") == nil || copies.Get("ORDER-1").GetLastSequence() != 4 {
			t.Fatal(copies.All())
		}
	})
}

func TestAResyncStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		opened := mesh.plays(
			connection{items: []*omsv1.OrderStreamItem{complete(cursor("E", 8)), event(9), beat(cursor("F", 2))}},
			connection{items: []*omsv1.OrderStreamItem{
				resync(typev1.ResyncCause_RESYNC_CAUSE_EPOCH_CHANGED), snapshot(2), complete(cursor("F", 2)), event(3),
			}},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		if got := read(t, stream, 3); !slices.Equal(got, []uint64{9, 3}) {
			t.Fatal(got)
		}
		if second := (*opened)[1].accounts[0].GetCursor(); second.GetEpoch() != "E" || second.GetSequence() != 9 {
			t.Fatal(second)
		}
		if now := stream.Cursors()[account]; now.GetEpoch() != "F" || now.GetSequence() != 3 {
			t.Fatal(now)
		}
	})
}

func TestAProgramGoesOnAtTheCursorsItKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.serveLog(10)
		client := mesh.loggedIn(t, ordermesh.Config{})
		first := client.WatchOrders(t.Context(), ordermesh.OrderWatch{})
		got := read(t, first, 4)
		kept := first.Cursors()
		first.Close()
		second := client.WatchOrders(t.Context(), ordermesh.OrderWatch{Accounts: []string{account}, Cursors: kept})
		defer second.Close()
		if got = append(got, read(t, second, 10)...); !slices.Equal(got, upTo(10)) {
			t.Fatal(got)
		}
	})
}

func TestAProgramThatDoesNotReadHoldsTheStreamBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const last = 5000
		mesh := &fakeMesh{}
		mesh.serveLog(last)
		stream := mesh.loggedIn(t, ordermesh.Config{Heartbeat: time.Second}).WatchOrders(t.Context(), ordermesh.OrderWatch{QueueItems: 8})
		defer stream.Close()
		// Longer than a silence: the wait for the program is none.
		time.Sleep(time.Minute)
		synctest.Wait()
		var got []uint64
		for item, err := range stream.Items(t.Context()) {
			if err != nil || item.GetGap() != nil {
				t.Fatal(item, err)
			}
			if item.GetEvent() != nil {
				got = append(got, item.GetEvent().GetSequence())
			}
			if len(got) == last {
				break
			}
		}
		if !slices.Equal(got, upTo(last)) {
			t.Fatal(len(got))
		}
	})
}

func TestAfterCloseAndAfterItsContextAStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.plays(connection{})
		client := mesh.loggedIn(t, ordermesh.Config{})
		closed := client.WatchOrders(t.Context(), ordermesh.OrderWatch{})
		closed.Close()
		if _, err := closed.Next(t.Context()); !errors.Is(err, ordermesh.ErrStreamClosed) {
			t.Fatal(err)
		}
		left := client.WatchOrders(t.Context(), ordermesh.OrderWatch{})
		ctx, cancel := context.WithCancel(t.Context())
		canceled := client.WatchOrders(ctx, ordermesh.OrderWatch{})
		cancel()
		if _, err := canceled.Next(t.Context()); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_ = client.Close()
		if _, err := left.Next(t.Context()); !errors.Is(err, ordermesh.ErrStreamClosed) {
			t.Fatal(err)
		}
	})
}
