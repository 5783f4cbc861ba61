// Package ordermesh is the Go client of Ordermesh: login, commands that are repeated safely, and
// streams that resume where they broke.
//
//	mesh, err := ordermesh.New(ordermesh.Config{Target: "localhost:8443", CAFile: "ca.pem"})
//	if err != nil { ... }
//	defer mesh.Close()
//	if _, err := mesh.Login(ctx, "alice", password); err != nil { ... }
//	placed, err := mesh.Place(ctx, ordermesh.MarketOrder("ACC-ALICE", "ASML.SIMA", omsv1.Side_SIDE_BUY, quantity))
//	for item, err := range mesh.WatchOrders(ctx, ordermesh.OrderWatch{}).Items(ctx) { ... }
//
// Messages and stubs are generated from the protos, in the packages below gen. The client adds what
// stubs do not have: one intent gives one order however often it is repeated, an event of an order
// reaches the program exactly once, and an error says whether repeating helps. A Client is safe for
// many goroutines. Nothing is global.
package ordermesh
