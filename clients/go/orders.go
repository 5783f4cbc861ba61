package ordermesh

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

// OrderWatch says which orders to watch.
type OrderWatch struct {
	// Accounts to watch; none: all of the user's.
	Accounts []string
	// Cursors by account: where a stream of an earlier run of the program was, as Cursors gave it. An
	// account without one begins with a snapshot.
	Cursors map[string]*typev1.Cursor
	// QueueItems is how many items may wait for the program; 0 means QueueItemsDefault.
	QueueItems int
}

// OrderStream has the orders of some accounts as they change. Every event of an account comes exactly
// once and in order, over any number of broken connections. Its overflow rule is OverflowWait.
//
// An item is one of: an order of a snapshot, the end of a snapshot, an event (with the order after it
// beside it, if it is the last one of its batch), a heartbeat, a resync (forget what you have of this
// account, a snapshot follows) and a gap. A gap of kind LINK_DOWN without a channel is about the way to
// the mesh, until LINK_UP. What the mesh sends for the stream itself (drain, slow consumer) is dealt
// with here. OrderCopies keeps the orders that the items carry.
type OrderStream struct {
	*reader[*omsv1.OrderStreamItem]

	mu      sync.Mutex
	cursors map[string]*typev1.Cursor
}

// WatchOrders opens a stream of orders. It ends with its context, with Close, or when the mesh refuses
// it for good: UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, UNIMPLEMENTED, NOT_FOUND.
func (c *Client) WatchOrders(ctx context.Context, watch OrderWatch) *OrderStream {
	limit := watch.QueueItems
	if limit <= 0 {
		limit = QueueItemsDefault
	}
	waiting := newQueue[*omsv1.OrderStreamItem](limit, nil)
	taker := &orderTaker{put: waiting.put, logs: map[string]*accountLog{}, accounts: func() []string {
		if len(watch.Accounts) > 0 {
			return watch.Accounts
		}
		return c.session.accounts()
	}}
	for account, cursor := range watch.Cursors {
		taker.log(account).cursor = cursor
	}
	source := &resuming[*omsv1.WatchResponse]{
		name: "orders", session: c.session, log: c.config.Logger, heartbeat: c.config.Heartbeat,
		delays: attempts{limits: c.config.Backoff},
		open: func(ctx context.Context) (frames[*omsv1.WatchResponse], error) {
			request, err := taker.begin(ctx, c.config.Heartbeat)
			if err != nil {
				return nil, err
			}
			return c.orders.Watch(ctx, request)
		},
		take: taker.take, tell: taker.tell,
	}
	cursors := maps.Clone(watch.Cursors)
	if cursors == nil {
		cursors = map[string]*typev1.Cursor{}
	}
	return &OrderStream{reader: start(ctx, c, waiting, source), cursors: cursors}
}

// Next waits for the next item. Its error is that of the context, ErrStreamClosed, or why the stream
// has ended for good. For one goroutine.
func (s *OrderStream) Next(ctx context.Context) (*omsv1.OrderStreamItem, error) {
	item, err := s.queue.take(ctx)
	if err == nil {
		s.delivered(item)
	}
	return item, err
}

// Items is Next for a loop. It ends without an error when the context ends or the stream is closed.
func (s *OrderStream) Items(ctx context.Context) iter.Seq2[*omsv1.OrderStreamItem, error] {
	return each(ctx, s.Next)
}

// Cursors says, by account, up to where items were given to the program. A program that keeps them
// together with what it made of the items, in one transaction, goes on exactly there after a restart.
func (s *OrderStream) Cursors() map[string]*typev1.Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.cursors)
}

func (s *OrderStream) delivered(item *omsv1.OrderStreamItem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch is := item.GetItem().(type) {
	case *omsv1.OrderStreamItem_Event:
		before := s.cursors[is.Event.GetAccountId()]
		s.cursors[is.Event.GetAccountId()] = &typev1.Cursor{Epoch: before.GetEpoch(), Sequence: is.Event.GetSequence()}
	case *omsv1.OrderStreamItem_SnapshotComplete:
		s.cursors[is.SnapshotComplete.GetChannel()] = is.SnapshotComplete.GetCursor()
	case *omsv1.OrderStreamItem_Resync:
		delete(s.cursors, is.Resync.GetChannel())
	}
}

// accountLog is what was taken of one account.
type accountLog struct {
	// cursor of the last event taken; nil before a first snapshot is whole.
	cursor *typev1.Cursor
	// partial: a snapshot has begun and is not complete.
	partial bool
	// suspect is the high water of the last heartbeat, if it was above the last event; else 0.
	suspect uint64
	// holes counts how often events after the cursor were missing.
	holes int
}

// orderTaker takes the frames of the order stream: it drops repeats, and has holes read again. A
// cursor moves after its item is in the queue: what a connection that ends could not hand over is
// read again by the next.
type orderTaker struct {
	put      func(context.Context, *omsv1.OrderStreamItem, string) error
	accounts func() []string
	logs     map[string]*accountLog
}

func (t *orderTaker) log(account string) *accountLog {
	if t.logs[account] == nil {
		t.logs[account] = &accountLog{}
	}
	return t.logs[account]
}

// begin makes the request of a connection. A snapshot that broke off is taken back.
func (t *orderTaker) begin(ctx context.Context, heartbeat time.Duration) (*omsv1.WatchRequest, error) {
	request := &omsv1.WatchRequest{HeartbeatS: int32(heartbeat / time.Second)}
	for account, log := range t.logs {
		log.suspect = 0
		if log.partial {
			if err := t.resync(ctx, account, typev1.ResyncCause_RESYNC_CAUSE_SOURCE_RESET); err != nil {
				return nil, err
			}
		}
	}
	for _, account := range t.accounts() {
		request.Accounts = append(request.Accounts, &omsv1.AccountCursor{AccountId: account, Cursor: t.log(account).cursor})
	}
	return request, nil
}

func (t *orderTaker) take(ctx context.Context, frame *omsv1.WatchResponse) (wish, error) {
	var then wish
	only := t.accounts()
	for _, item := range frame.GetItems() {
		if len(only) == 1 {
			named(item, only[0])
		}
		one, err := t.takeItem(ctx, item)
		if err != nil || one.reopen != "" {
			return one, err
		}
		if one.drain != nil {
			then.drain = one.drain
		}
	}
	return then, nil
}

func (t *orderTaker) takeItem(ctx context.Context, item *omsv1.OrderStreamItem) (wish, error) {
	switch is := item.GetItem().(type) {
	case *omsv1.OrderStreamItem_Event:
		return t.event(ctx, item, is.Event)
	case *omsv1.OrderStreamItem_Snapshot:
		t.log(is.Snapshot.GetAccountId()).partial = true
		return wish{}, t.put(ctx, item, "")
	case *omsv1.OrderStreamItem_SnapshotComplete:
		return t.complete(ctx, item, is.SnapshotComplete)
	case *omsv1.OrderStreamItem_Heartbeat:
		return t.heartbeat(ctx, item, is.Heartbeat)
	case *omsv1.OrderStreamItem_Resync:
		if err := t.put(ctx, item, ""); err != nil {
			return wish{}, err
		}
		*t.log(is.Resync.GetChannel()) = accountLog{}
		return wish{}, nil
	case *omsv1.OrderStreamItem_Gap:
		return wish{}, t.put(ctx, item, "")
	case *omsv1.OrderStreamItem_SlowConsumer:
		return wish{reopen: "the program was too slow for the mesh"}, nil
	case *omsv1.OrderStreamItem_Drain:
		return wish{drain: is.Drain}, nil
	default: // of a newer mesh, which sends nothing here that must not be skipped
		return wish{}, nil
	}
}

// named gives the account to an item of a stream that has only one, where it may be left out.
func named(item *omsv1.OrderStreamItem, account string) {
	switch is := item.GetItem().(type) {
	case *omsv1.OrderStreamItem_SnapshotComplete:
		is.SnapshotComplete.Channel = cmp.Or(is.SnapshotComplete.GetChannel(), account)
	case *omsv1.OrderStreamItem_Heartbeat:
		is.Heartbeat.Channel = cmp.Or(is.Heartbeat.GetChannel(), account)
	case *omsv1.OrderStreamItem_Resync:
		is.Resync.Channel = cmp.Or(is.Resync.GetChannel(), account)
	}
}

func (t *orderTaker) event(ctx context.Context, item *omsv1.OrderStreamItem, event *omsv1.OrderEvent) (wish, error) {
	account := event.GetAccountId()
	log := t.log(account)
	switch sequence := event.GetSequence(); {
	case log.cursor == nil:
		return t.hole(ctx, account, "an event came before the snapshot of its account")
	case sequence <= log.cursor.GetSequence():
		return wish{}, nil
	case sequence != log.cursor.GetSequence()+1:
		return t.hole(ctx, account, fmt.Sprintf("event %d of %s came after %d", sequence, account, log.cursor.GetSequence()))
	default:
		if err := t.put(ctx, item, ""); err != nil {
			return wish{}, err
		}
		log.cursor = &typev1.Cursor{Epoch: log.cursor.GetEpoch(), Sequence: sequence}
		log.holes = 0
		return wish{}, nil
	}
}

// hole opens the stream again after the last event taken. If the same events are missing again, the
// account is read anew.
func (t *orderTaker) hole(ctx context.Context, account, why string) (wish, error) {
	log := t.log(account)
	log.holes++
	if log.holes == 1 && log.cursor != nil {
		return wish{reopen: why}, nil
	}
	why += "; the account is read anew"
	gap := gapNow(typev1.GapKind_GAP_KIND_LOST, why)
	gap.Channel = account
	if err := t.tell(ctx, gap); err != nil {
		return wish{}, err
	}
	return wish{reopen: why}, t.resync(ctx, account, typev1.ResyncCause_RESYNC_CAUSE_CURSOR_UNKNOWN)
}

// resync has the program forget what it has of an account: a snapshot follows.
func (t *orderTaker) resync(ctx context.Context, account string, cause typev1.ResyncCause) error {
	err := t.put(ctx, &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Resync{
		Resync: &typev1.Resync{Cause: cause, Channel: account, Requested: t.log(account).cursor},
	}}, "")
	if err == nil {
		*t.log(account) = accountLog{}
	}
	return err
}

func (t *orderTaker) complete(ctx context.Context, item *omsv1.OrderStreamItem, done *typev1.SnapshotComplete) (wish, error) {
	log := t.log(done.GetChannel())
	cursor := done.GetCursor()
	if log.cursor != nil && !log.partial {
		if cursor.GetEpoch() == log.cursor.GetEpoch() && cursor.GetSequence() <= log.cursor.GetSequence() {
			return wish{}, nil // of an account that was resumed: nothing new
		}
		return t.hole(ctx, done.GetChannel(), "a snapshot ended that had not begun")
	}
	if err := t.put(ctx, item, ""); err != nil {
		return wish{}, err
	}
	log.cursor, log.partial, log.suspect = cursor, false, 0
	return wish{}, nil
}

// heartbeat compares its high water with the last event. One heartbeat may overtake events of its
// moment, a second one does not.
func (t *orderTaker) heartbeat(ctx context.Context, item *omsv1.OrderStreamItem, beat *typev1.Heartbeat) (wish, error) {
	log := t.log(beat.GetChannel())
	water := beat.GetHighWater()
	if log.cursor != nil && !log.partial && water != nil {
		switch {
		case water.GetEpoch() != log.cursor.GetEpoch():
			return wish{reopen: "the order log began a new epoch"}, nil
		case water.GetSequence() <= log.cursor.GetSequence():
			log.suspect = 0
		case log.suspect > log.cursor.GetSequence():
			return t.hole(ctx, beat.GetChannel(), fmt.Sprintf(
				"events of %s after %d are missing", beat.GetChannel(), log.cursor.GetSequence()))
		default:
			log.suspect = water.GetSequence()
		}
	}
	return wish{}, t.put(ctx, item, "")
}

func (t *orderTaker) tell(ctx context.Context, gap *typev1.Gap) error {
	return t.put(ctx, &omsv1.OrderStreamItem{Item: &omsv1.OrderStreamItem_Gap{Gap: gap}}, "")
}
