package ordermesh

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"

	marketdatav1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/marketdata/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

// PriceWatch says which prices to watch, and how they are conflated.
type PriceWatch struct {
	// Subscription names listings, topics and the delivery mode: EVERY_EVENT, INTERVAL (the latest value
	// at most once every interval_ms) or LATEST_ON_READY. Not set: the quotes of every listing, latest
	// on ready.
	Subscription *marketdatav1.Subscription
	// QueueItems is how many items may wait for the program; 0 means PriceQueueItemsDefault.
	QueueItems int
}

// PriceQueueItemsDefault is how many items of a stream of prices may wait for the program. What waits
// gets old, so it is less than of orders.
const PriceQueueItemsDefault = 256

// PriceStream has prices as they change, over any number of broken connections; each begins with a
// snapshot. An update is the complete value of its channel, that is of one listing and topic. In one
// connection no update comes twice, and one that is missing shows as a gap of kind LOST with the
// instrument as its channel. Gaps of kind LINK_DOWN and LINK_UP without a channel are about the way to
// the mesh. The overflow rule is OverflowWait with EVERY_EVENT, else OverflowKeepLatest.
type PriceStream struct {
	*reader[*marketdatav1.MarketDataItem]
}

// WatchPrices opens a stream of prices. It ends as a stream of orders does.
func (c *Client) WatchPrices(ctx context.Context, watch PriceWatch) *PriceStream {
	wanted := &marketdatav1.Subscription{}
	if watch.Subscription != nil {
		wanted = proto.Clone(watch.Subscription).(*marketdatav1.Subscription)
	}
	limit := watch.QueueItems
	if limit <= 0 {
		limit = PriceQueueItemsDefault
	}
	merge := latest
	if overflowOf(wanted) == OverflowWait {
		merge = nil
	}
	waiting := newQueue(limit, merge)
	taker := &priceTaker{put: waiting.put}
	source := &resuming[*marketdatav1.WatchResponse]{
		name: "prices", session: c.session, log: c.config.Logger, heartbeat: c.config.Heartbeat,
		delays: attempts{limits: c.config.Backoff},
		open: func(ctx context.Context) (frames[*marketdatav1.WatchResponse], error) {
			taker.sequences = map[string]uint64{}
			return c.prices.Watch(ctx, &marketdatav1.WatchRequest{
				Subscription: wanted, HeartbeatS: int32(c.config.Heartbeat / time.Second),
			})
		},
		take: taker.take, tell: taker.tell,
	}
	return &PriceStream{reader: start(ctx, c, waiting, source)}
}

func overflowOf(wanted *marketdatav1.Subscription) Overflow {
	if wanted.GetMode() == marketdatav1.DeliveryMode_DELIVERY_MODE_EVERY_EVENT {
		return OverflowWait
	}
	return OverflowKeepLatest
}

// Next waits for the next item. Its error is that of the context, ErrStreamClosed, or why the stream
// has ended for good.
func (s *PriceStream) Next(ctx context.Context) (*marketdatav1.MarketDataItem, error) {
	return s.queue.take(ctx)
}

// Items is Next for a loop. It ends without an error when the context ends or the stream is closed.
func (s *PriceStream) Items(ctx context.Context) iter.Seq2[*marketdatav1.MarketDataItem, error] {
	return each(ctx, s.Next)
}

// latest puts a newer value in the place of an older one that nobody has read.
func latest(older, newer *marketdatav1.MarketDataItem) *marketdatav1.MarketDataItem {
	before, now := older.GetUpdate(), newer.GetUpdate()
	if before != nil && now != nil {
		now.ConflatedUpdates += before.GetConflatedUpdates() + 1
		now.Snapshot = now.GetSnapshot() || before.GetSnapshot()
	}
	return newer
}

// priceTaker takes the frames of a stream of prices.
type priceTaker struct {
	put func(context.Context, *marketdatav1.MarketDataItem, string) error
	// sequences of the last update by channel, in this connection.
	sequences map[string]uint64
}

func (t *priceTaker) take(ctx context.Context, frame *marketdatav1.WatchResponse) (wish, error) {
	var then wish
	for _, item := range frame.GetItems() {
		one, err := t.takeItem(ctx, item)
		if err != nil || one.reopen != "" {
			return one, err
		}
		then.drain = cmp.Or(one.drain, then.drain)
	}
	return then, nil
}

func (t *priceTaker) takeItem(ctx context.Context, item *marketdatav1.MarketDataItem) (wish, error) {
	switch is := item.GetItem().(type) {
	case *marketdatav1.MarketDataItem_Update:
		return wish{}, t.update(ctx, item, is.Update)
	case *marketdatav1.MarketDataItem_Heartbeat:
		return wish{}, t.put(ctx, item, "heartbeat")
	case *marketdatav1.MarketDataItem_SlowConsumer:
		return wish{reopen: "the program was too slow for the mesh"}, nil
	case *marketdatav1.MarketDataItem_Drain:
		return wish{drain: is.Drain}, nil
	case *marketdatav1.MarketDataItem_Resync:
		clear(t.sequences)
	case nil: // of a newer mesh
		return wish{}, nil
	}
	return wish{}, t.put(ctx, item, "")
}

func (t *priceTaker) update(ctx context.Context, item *marketdatav1.MarketDataItem, update *marketdatav1.MarketDataUpdate) error {
	channel := fmt.Sprintf("%T %s", update.GetValue(), update.GetInstrumentId())
	last, known := t.sequences[channel]
	sequence := update.GetSequence()
	if known && !update.GetSnapshot() {
		if sequence <= last {
			return nil
		}
		if missing := sequence - last - 1; missing > uint64(update.GetConflatedUpdates()) {
			gap := gapNow(typev1.GapKind_GAP_KIND_LOST, fmt.Sprintf(
				"%d updates before %d are missing", missing-uint64(update.GetConflatedUpdates()), sequence))
			gap.Channel = update.GetInstrumentId()
			if err := t.tell(ctx, gap); err != nil {
				return err
			}
		}
	}
	t.sequences[channel] = sequence
	return t.put(ctx, item, channel)
}

func (t *priceTaker) tell(ctx context.Context, gap *typev1.Gap) error {
	return t.put(ctx, &marketdatav1.MarketDataItem{Item: &marketdatav1.MarketDataItem_Gap{Gap: gap}}, "")
}
