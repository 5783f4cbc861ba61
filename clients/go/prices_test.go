package ordermesh_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	marketdatav1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/marketdata/v1"
	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

func quote(sequence uint64, conflated uint32, snapshot bool) *marketdatav1.MarketDataItem {
	return &marketdatav1.MarketDataItem{Item: &marketdatav1.MarketDataItem_Update{Update: &marketdatav1.MarketDataUpdate{
		InstrumentId: "ASML.SIMA", Sequence: sequence, ConflatedUpdates: conflated, Snapshot: snapshot,
		Value: &marketdatav1.MarketDataUpdate_Quote{Quote: &marketdatav1.Quote{BidPrice: fmt.Sprint(sequence)}},
	}}}
}

// streams serves these connections of prices; the last stays open.
func (m *fakeMesh) streams(connections ...[]*marketdatav1.MarketDataItem) {
	opened := 0
	m.prices = func(_ *marketdatav1.WatchRequest, stream marketdatav1.MarketDataService_WatchServer) error {
		m.mu.Lock()
		opened++
		number := opened
		m.mu.Unlock()
		for _, item := range connections[min(number, len(connections))-1] {
			if err := stream.Send(&marketdatav1.WatchResponse{Items: []*marketdatav1.MarketDataItem{item}}); err != nil {
				return err
			}
		}
		if number < len(connections) {
			return status.Error(codes.Unknown, "killed")
		}
		<-stream.Context().Done()
		return nil
	}
}

func watching(mode marketdatav1.DeliveryMode, items int) ordermesh.PriceWatch {
	return ordermesh.PriceWatch{Subscription: &marketdatav1.Subscription{Mode: mode}, QueueItems: items}
}

// shown takes items until the update with this sequence, and says what came.
func shown(t *testing.T, stream *ordermesh.PriceStream, last uint64) string {
	t.Helper()
	var all []string
	for item, err := range stream.Items(t.Context()) {
		if err != nil {
			t.Fatal(all, err)
		}
		if gap := item.GetGap(); gap != nil {
			all = append(all, strings.TrimPrefix(gap.GetKind().String(), "GAP_KIND_"))
		}
		if update := item.GetUpdate(); update != nil {
			all = append(all, fmt.Sprintf("%d+%d", update.GetSequence(), update.GetConflatedUpdates()))
		}
		if item.GetUpdate().GetSequence() == last {
			break
		}
	}
	return strings.Join(all, " ")
}

func TestPricesGoOnAfterABreakAndSayWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.streams(
			[]*marketdatav1.MarketDataItem{quote(3, 0, true), quote(4, 0, false), quote(4, 0, false), quote(7, 2, false), quote(9, 0, false)},
			[]*marketdatav1.MarketDataItem{quote(20, 0, true), quote(21, 0, false)},
		)
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchPrices(t.Context(), watching(marketdatav1.DeliveryMode_DELIVERY_MODE_INTERVAL, 0))
		defer stream.Close()
		if got := shown(t, stream, 21); got != "3+0 4+0 7+2 LOST 9+0 LINK_DOWN LINK_UP 20+0 21+0" {
			t.Fatal(got)
		}
	})
}

func flood(last uint64) []*marketdatav1.MarketDataItem {
	items := []*marketdatav1.MarketDataItem{quote(1, 0, true), {Item: &marketdatav1.MarketDataItem_SnapshotComplete{SnapshotComplete: &typev1.SnapshotComplete{}}}}
	for sequence := uint64(2); sequence <= last; sequence++ {
		items = append(items, quote(sequence, 0, false))
	}
	return items
}

func TestAFullQueueOfConflatedPricesKeepsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.streams(flood(1000))
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchPrices(t.Context(), watching(marketdatav1.DeliveryMode_DELIVERY_MODE_LATEST_ON_READY, 4))
		defer stream.Close()
		time.Sleep(time.Second) // until the mesh has sent everything
		if got := shown(t, stream, 1000); got != "1+0 2+0 1000+997" {
			t.Fatal(got)
		}
	})
}

func TestAFullQueueOfEveryEventLosesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		mesh.streams(flood(1000))
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchPrices(t.Context(), watching(marketdatav1.DeliveryMode_DELIVERY_MODE_EVERY_EVENT, 4))
		defer stream.Close()
		time.Sleep(time.Minute)
		if got := strings.Fields(shown(t, stream, 1000)); len(got) != 1000 || got[999] != "1000+0" {
			t.Fatal(len(got), got[len(got)-1])
		}
	})
}
