package ordermesh

import (
	"maps"

	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

// OrderCopies keeps each order as the stream carried it last; nothing is derived from events. Give it
// every item of an OrderStream. For one goroutine; the zero value is ready.
type OrderCopies struct {
	orders map[string]*omsv1.Order
	// snapshots that have begun, by account; each replaces the account's orders when it is whole.
	snapshots map[string]map[string]*omsv1.Order
}

// Get returns an order, or nil if the stream has not carried it.
func (c *OrderCopies) Get(orderID string) *omsv1.Order { return c.orders[orderID] }

// All returns the orders by id.
func (c *OrderCopies) All() map[string]*omsv1.Order { return maps.Clone(c.orders) }

// Apply takes an item. It returns the order that an event brought, if it is newer than the copy; a
// snapshot takes effect when it is complete, and returns nil.
func (c *OrderCopies) Apply(item *omsv1.OrderStreamItem) *omsv1.Order {
	if c.orders == nil {
		c.orders, c.snapshots = map[string]*omsv1.Order{}, map[string]map[string]*omsv1.Order{}
	}
	switch is := item.GetItem().(type) {
	case *omsv1.OrderStreamItem_Snapshot:
		begun := c.snapshots[is.Snapshot.GetAccountId()]
		if begun == nil {
			begun = map[string]*omsv1.Order{}
			c.snapshots[is.Snapshot.GetAccountId()] = begun
		}
		begun[is.Snapshot.GetOrderId()] = is.Snapshot
	case *omsv1.OrderStreamItem_SnapshotComplete:
		c.replace(is.SnapshotComplete.GetChannel())
	case *omsv1.OrderStreamItem_Resync:
		delete(c.snapshots, is.Resync.GetChannel())
	case *omsv1.OrderStreamItem_Event:
		return c.carried(item.GetOrder())
	}
	return nil
}

// carried keeps an order unless the copy is newer: a replay brings orders as they are stored, which may
// be after events that are still to come.
func (c *OrderCopies) carried(order *omsv1.Order) *omsv1.Order {
	if order == nil {
		return nil
	}
	if known := c.orders[order.GetOrderId()]; known != nil && known.GetLastSequence() >= order.GetLastSequence() {
		return nil
	}
	c.orders[order.GetOrderId()] = order
	return order
}

func (c *OrderCopies) replace(account string) {
	maps.DeleteFunc(c.orders, func(_ string, order *omsv1.Order) bool { return order.GetAccountId() == account })
	maps.Copy(c.orders, c.snapshots[account])
	delete(c.snapshots, account)
}
