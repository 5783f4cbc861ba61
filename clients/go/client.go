package ordermesh

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	identityv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/identity/v1"
	marketdatav1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/marketdata/v1"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

// Client is one connection to the edge and one login, for many goroutines.
type Client struct {
	config  Config
	conn    *grpc.ClientConn
	session *session
	orders  omsv1.OrderServiceClient
	prices  marketdatav1.MarketDataServiceClient
	// open ends with Close, and ends every stream.
	open  context.Context
	close context.CancelFunc
}

// New makes a client. It connects with the first call, and again by itself whenever it has to.
func New(config Config) (*Client, error) {
	config, err := config.completed()
	if err != nil {
		return nil, err
	}
	options, err := config.dialOptions()
	if err != nil {
		return nil, err
	}
	client := &Client{config: config}
	client.open, client.close = context.WithCancel(context.Background())
	options = append(options,
		grpc.WithUnaryInterceptor(func(
			ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
		) error {
			return client.session.unary(ctx, method, request, answer, conn, invoke, options...)
		}),
		grpc.WithStreamInterceptor(func(
			ctx context.Context, about *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			return client.session.stream(ctx, about, conn, method, open, options...)
		}),
	)
	if client.conn, err = grpc.NewClient(config.Target, options...); err != nil {
		return nil, fmt.Errorf("ordermesh: Config.Target: %w", err)
	}
	if client.session, err = newSession(identityv1.NewAuthServiceClient(client.conn), config); err != nil {
		return nil, err
	}
	client.orders = omsv1.NewOrderServiceClient(client.conn)
	client.prices = marketdatav1.NewMarketDataServiceClient(client.conn)
	return client, nil
}

// Close ends the connection. Streams and calls that are under way end with it; the login stays valid. A
// refresh that is under way ends first, within Config.CallTimeout: a login that is kept needs its answer.
func (c *Client) Close() error {
	c.close()
	c.session.settle()
	return c.conn.Close()
}

// Conn is for stubs that have no method here: every call gets the login's token, and its errors are
// those of this package.
//
//	instruments := marketdatav1.NewInstrumentServiceClient(mesh.Conn())
//	page, err := ordermesh.Read(ctx, mesh, instruments.List, &marketdatav1.InstrumentServiceListRequest{})
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Login exchanges a name and a password for tokens, which are refreshed from then on. Refusals:
// BAD_CREDENTIALS, LOGIN_THROTTLED.
func (c *Client) Login(ctx context.Context, username, password string) (*identityv1.User, error) {
	return c.session.login(ctx, Credentials{Username: username, Password: password})
}

// Logout ends the login, here in any case and at the mesh if it answers.
func (c *Client) Logout(ctx context.Context) error { return c.session.logout(ctx) }

// User is who is logged in, with their accounts; a kept login is refreshed first.
func (c *Client) User(ctx context.Context) (*identityv1.User, error) {
	if _, err := c.session.token(ctx); err != nil {
		return nil, err
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.user, nil
}
