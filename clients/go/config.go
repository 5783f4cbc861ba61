package ordermesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// The defaults and limits of a Client.
const (
	// CallTimeoutDefault is how long one attempt of a call may take.
	CallTimeoutDefault = 10 * time.Second
	// RetryForDefault is for how long a command is repeated while repeating may help.
	RetryForDefault = 10 * time.Second
	// HeartbeatDefault is the interval of heartbeats that streams ask for.
	HeartbeatDefault = 5 * time.Second
	// HeartbeatMin and HeartbeatMax are what the mesh takes.
	HeartbeatMin, HeartbeatMax = time.Second, time.Minute
	// QueueItemsDefault is how many items of a stream may wait for the program.
	QueueItemsDefault = 1024
	// MessageBytesMax is the largest message that is taken.
	MessageBytesMax = 16 << 20

	connectTimeout = 5 * time.Second
	redialBase     = 100 * time.Millisecond
	// gRPC's own grows to two minutes: far longer than a mesh needs to heal.
	redialMax = 2 * time.Second
	// A connection on which nothing came for so long is asked whether it is alive, and given up if it
	// does not answer: without this, one whose other end vanished is used until the kernel gives it
	// up, a quarter of an hour later.
	pingAfter   = 10 * time.Second
	pingTimeout = 3 * time.Second
)

// Credentials are what a login is made of.
type Credentials struct {
	Username string
	Password string
}

// Config says where the mesh is and how a Client behaves. Only Target is required.
type Config struct {
	// Target is host and port of the edge: "localhost:8443".
	Target string
	// CAFile has the certificates, in PEM, that the edge's is checked by. Empty: those of the system.
	CAFile string
	// TLS is used instead of CAFile, if set.
	TLS *tls.Config
	// Credentials is asked when there is no login, or when it has ended; a program that runs for days
	// needs it. Nil: such calls fail with ErrNotLoggedIn.
	Credentials func(context.Context) (Credentials, error)
	// Store keeps a login between runs of a program. Nil: it ends with the Client.
	Store TokenStore
	// CallTimeout bounds one attempt of a call; 0 means CallTimeoutDefault. A deadline of the context
	// bounds all attempts together.
	CallTimeout time.Duration
	// RetryFor is for how long a command is repeated; 0 means RetryForDefault, a negative value never.
	RetryFor time.Duration
	// Heartbeat is the interval that streams ask for, in whole seconds from HeartbeatMin to
	// HeartbeatMax; 0 means HeartbeatDefault. Silence of two and a half intervals ends a connection.
	Heartbeat time.Duration
	// Backoff has the delays between attempts; a time of 0 means that of BackoffDefault.
	Backoff Backoff
	// Logger gets what a program's operator may want to see: broken and resumed streams, refreshed
	// logins. Never a token. Nil: nothing is logged.
	Logger *slog.Logger
	// DialOptions are added to the client's own, after them.
	DialOptions []grpc.DialOption
}

func (c Config) completed() (Config, error) {
	if c.Target == "" {
		return c, errors.New("ordermesh: Config.Target is empty; it should be host:port of the edge")
	}
	c.CallTimeout = orDefault(c.CallTimeout, CallTimeoutDefault)
	c.RetryFor = orDefault(c.RetryFor, RetryForDefault)
	c.Heartbeat = orDefault(c.Heartbeat, HeartbeatDefault)
	if c.CallTimeout < 0 {
		return c, fmt.Errorf("ordermesh: Config.CallTimeout is %v; it should be positive", c.CallTimeout)
	}
	if c.Heartbeat < HeartbeatMin || c.Heartbeat > HeartbeatMax || c.Heartbeat%time.Second != 0 {
		return c, fmt.Errorf("ordermesh: Config.Heartbeat is %v; it should be whole seconds from %v to %v",
			c.Heartbeat, HeartbeatMin, HeartbeatMax)
	}
	c.Backoff.Base = orDefault(c.Backoff.Base, BackoffDefault.Base)
	c.Backoff.Cap = orDefault(c.Backoff.Cap, BackoffDefault.Cap)
	c.Backoff.ResetAfter = orDefault(c.Backoff.ResetAfter, BackoffDefault.ResetAfter)
	if c.Backoff.Base < 0 || c.Backoff.Cap < 0 || c.Backoff.ResetAfter < 0 {
		return c, fmt.Errorf("ordermesh: Config.Backoff is %+v; its times should be positive", c.Backoff)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func (c Config) dialOptions() ([]grpc.DialOption, error) {
	secured, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	redial := grpcbackoff.Config{BaseDelay: redialBase, Multiplier: 1.6, Jitter: 0.5, MaxDelay: redialMax}
	return append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(secured)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: redial, MinConnectTimeout: connectTimeout}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MessageBytesMax)),
		// What is repeated is this package's to decide, not that of a DNS record.
		grpc.WithDisableServiceConfig(),
	}, c.DialOptions...), nil
}

func (c Config) tlsConfig() (*tls.Config, error) {
	if c.TLS != nil {
		return c.TLS, nil
	}
	if c.CAFile == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ordermesh: Config.CAFile: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ordermesh: Config.CAFile: %s has no certificate in PEM", c.CAFile)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

func orDefault(given, otherwise time.Duration) time.Duration {
	if given == 0 {
		return otherwise
	}
	return given
}
