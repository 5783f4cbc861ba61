// Place an order and follow it until it is filled:
//
//	go run ./examples/placeorder localhost:8443 ../../.ordermesh/tls/ca.pem alice
//
// The password is read from standard input.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"github.com/shopspring/decimal"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

const account = "ACC-ALICE"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: placeorder HOST:PORT CA_FILE USERNAME")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := trade(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func trade(ctx context.Context, target, caFile, username string) error {
	fmt.Fprintf(os.Stderr, "password of %s: ", username)
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return err
	}
	mesh, err := ordermesh.New(ordermesh.Config{Target: target, CAFile: caFile, Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer mesh.Close()
	if _, err := mesh.Login(ctx, username, strings.TrimSpace(password)); err != nil {
		return err
	}

	// Without an answer it is sent again with the same key: never two orders.
	placed, err := mesh.Place(ctx, ordermesh.MarketOrder(account, "ASML.SIMA", omsv1.Side_SIDE_BUY, decimal.NewFromInt(100)))
	var refused *ordermesh.RefusedError
	if errors.As(err, &refused) {
		return fmt.Errorf("refused, %s (field %q): %s", refused.ReasonName, refused.Field, refused.Text)
	}
	if err != nil {
		return err
	}
	fmt.Println("placed", placed.GetOrder().GetOrderId())
	return follow(ctx, mesh, placed.GetOrder().GetOrderId())
}

func follow(ctx context.Context, mesh *ordermesh.Client, orderID string) error {
	stream := mesh.WatchOrders(ctx, ordermesh.OrderWatch{Accounts: []string{account}})
	defer stream.Close()
	copies := ordermesh.OrderCopies{}
	for item, err := range stream.Items(ctx) {
		if err != nil {
			return err
		}
		copies.Apply(item)
		progress := copies.Get(orderID).GetProgress()
		if progress.GetState() == omsv1.OrderState_ORDER_STATE_FILLED {
			price, err := ordermesh.ParseDecimal(progress.GetAveragePrice())
			if err != nil {
				return err
			}
			fmt.Println("filled", progress.GetCumQuantity(), "at", price)
			return nil
		}
	}
	return ctx.Err()
}
