package ordermesh

import (
	"context"
	"sync"
)

// Overflow is what happens when as many items of a stream wait for the program as its queue holds.
type Overflow int

const (
	// OverflowWait takes nothing more from the mesh until the program has read: no item is lost. If the
	// program stays away for long, the mesh ends the stream, and it resumes at its cursor.
	OverflowWait Overflow = iota
	// OverflowKeepLatest puts a new value in the place of the one of the same channel that waits, and
	// counts it in conflated_updates; it waits if there is none. For prices that are conflated anyway.
	OverflowKeepLatest
)

// queue holds the items of a stream until the program reads them. One goroutine puts, any may take.
type queue[Item any] struct {
	limit int
	// merge makes one item of an older and a newer one of the same channel.
	merge func(older, newer Item) Item

	mu      sync.Mutex
	waiting []Item
	// places has where in waiting an item of a channel can be replaced, counted from the first item
	// ever put. Items without a channel keep their place between those before and after them.
	places map[string]uint64
	taken  uint64
	ended  error
	// Each holds at most one signal.
	filled, freed chan struct{}
}

func newQueue[Item any](limit int, merge func(older, newer Item) Item) *queue[Item] {
	return &queue[Item]{
		limit: limit, merge: merge, places: map[string]uint64{},
		filled: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
}

// put adds an item of a channel; "" is no channel. It waits while the queue is full.
func (q *queue[Item]) put(ctx context.Context, item Item, channel string) error {
	for !q.offer(item, channel) {
		select {
		case <-q.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	signal(q.filled)
	return nil
}

func (q *queue[Item]) offer(item Item, channel string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) < q.limit {
		if q.merge != nil {
			q.remember(channel)
		}
		q.waiting = append(q.waiting, item)
		return true
	}
	place, known := q.places[channel]
	if channel == "" || !known || place < q.taken {
		return false
	}
	at := &q.waiting[place-q.taken]
	*at = q.merge(*at, item)
	return true
}

func (q *queue[Item]) remember(channel string) {
	if channel == "" {
		clear(q.places)
		return
	}
	q.places[channel] = q.taken + uint64(len(q.waiting))
}

// end lets readers have what waits, and then this error.
func (q *queue[Item]) end(err error) {
	q.mu.Lock()
	q.ended = err
	q.mu.Unlock()
	signal(q.filled)
}

// take gives the next item, or the error with which the stream ended.
func (q *queue[Item]) take(ctx context.Context) (Item, error) {
	for {
		if item, err, ready := q.poll(); ready {
			return item, err
		}
		select {
		case <-q.filled:
		case <-ctx.Done():
			var none Item
			return none, ctx.Err()
		}
	}
}

func (q *queue[Item]) poll() (item Item, err error, ready bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		if q.ended != nil {
			signal(q.filled) // for the next who asks
		}
		return item, q.ended, q.ended != nil
	}
	item = q.waiting[0]
	var none Item
	q.waiting[0] = none
	q.waiting = q.waiting[1:]
	q.taken++
	signal(q.freed)
	if len(q.waiting) > 0 {
		signal(q.filled)
	}
	return item, nil, true
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
