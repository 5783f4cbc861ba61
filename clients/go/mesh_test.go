package ordermesh_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	identityv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/identity/v1"
	marketdatav1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/marketdata/v1"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

const account = "ACC-ALICE"

// fakeMesh answers what a test says, over a pipe in memory. Tests run in a bubble of testing/synctest,
// where time passes only while everybody waits.
type fakeMesh struct {
	identityv1.UnimplementedAuthServiceServer

	place  func(context.Context, *omsv1.PlaceRequest) (*omsv1.PlaceResponse, error)
	orders func(*omsv1.WatchRequest, omsv1.OrderService_WatchServer) error
	prices func(*marketdatav1.WatchRequest, marketdatav1.MarketDataService_WatchServer) error
	// skew of the mesh's clock against the program's.
	skew time.Duration
	// life of an access token.
	life time.Duration
	// refresh answers a refresh before the mesh does, if it is set and returns an error.
	refresh func(context.Context) error
	// after waits between the tokens of a refresh and its answer.
	after func()

	mu        sync.Mutex
	logins    int
	refreshes int
	tokens    int
	current   string
	ended     bool
}

// start serves the mesh and returns a client of it.
func (m *fakeMesh) start(t *testing.T, config ordermesh.Config) *ordermesh.Client {
	t.Helper()
	pipe := bufconn.Listen(1 << 16)
	// Envoy, which clients meet first, takes pings at any rate.
	server := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second}))
	identityv1.RegisterAuthServiceServer(server, m)
	omsv1.RegisterOrderServiceServer(server, &orderService{mesh: m})
	marketdatav1.RegisterMarketDataServiceServer(server, &priceService{mesh: m})
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(pipe)
	}()
	config.Target = "passthrough:///mesh"
	config.DialOptions = []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }),
	}
	client, err := ordermesh.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		server.Stop()
		<-served
	})
	return client
}

// loggedIn is start and a login.
func (m *fakeMesh) loggedIn(t *testing.T, config ordermesh.Config) *ordermesh.Client {
	t.Helper()
	client := m.start(t, config)
	if _, err := client.Login(t.Context(), "alice", "right"); err != nil {
		t.Fatal(err)
	}
	return client
}

func (m *fakeMesh) Login(_ context.Context, request *identityv1.LoginRequest) (*identityv1.LoginResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logins++
	if request.GetPassword() != "right" {
		return nil, refusal(codes.Unauthenticated, "BAD_CREDENTIALS", "FIX_INPUT", nil)
	}
	m.ended = false
	return &identityv1.LoginResponse{Tokens: m.pair(), User: alice()}, nil
}

func (m *fakeMesh) Refresh(ctx context.Context, request *identityv1.RefreshRequest) (*identityv1.RefreshResponse, error) {
	if m.refresh != nil {
		if err := m.refresh(ctx); err != nil {
			return nil, err
		}
	}
	if m.after != nil {
		defer m.after()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refreshes++
	if m.ended || request.GetRefreshToken() != m.current {
		m.ended = true
		return nil, refusal(codes.Unauthenticated, "UNAUTHENTICATED", "NOT_ALLOWED", nil)
	}
	return &identityv1.RefreshResponse{Tokens: m.pair(), User: alice()}, nil
}

func alice() *identityv1.User {
	return &identityv1.User{Username: "alice", Accounts: []string{account}}
}

func (m *fakeMesh) pair() *identityv1.TokenPair {
	life := m.life
	if life == 0 {
		life = time.Hour
	}
	m.tokens++
	m.current = fmt.Sprintf("refresh-%d", m.tokens)
	now := time.Now().Add(m.skew)
	claims := fmt.Sprintf(`{"iat":%d,"exp":%d,"n":%d}`, now.Unix(), now.Add(life).Unix(), m.tokens)
	return &identityv1.TokenPair{
		AccessToken:     "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".signature",
		AccessExpiresAt: timestamppb.New(now.Add(life)),
		RefreshToken:    m.current,
	}
}

func (m *fakeMesh) counted() (logins, refreshes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logins, m.refreshes
}

// Both services have an rpc Watch, so each is a type of its own.
type orderService struct {
	omsv1.UnimplementedOrderServiceServer
	mesh *fakeMesh
}

func (s *orderService) Place(ctx context.Context, request *omsv1.PlaceRequest) (*omsv1.PlaceResponse, error) {
	return s.mesh.place(ctx, request)
}

func (s *orderService) Watch(request *omsv1.WatchRequest, stream omsv1.OrderService_WatchServer) error {
	return s.mesh.orders(request, stream)
}

type priceService struct {
	marketdatav1.UnimplementedMarketDataServiceServer
	mesh *fakeMesh
}

func (s *priceService) Watch(request *marketdatav1.WatchRequest, stream marketdatav1.MarketDataService_WatchServer) error {
	return s.mesh.prices(request, stream)
}

func refusal(code codes.Code, reason, class string, more map[string]string) error {
	metadata := map[string]string{"retry_class": class}
	for name, value := range more {
		metadata[name] = value
	}
	built, err := status.New(code, "a sentence").WithDetails(
		&errdetails.ErrorInfo{Domain: "ordermesh", Reason: reason, Metadata: metadata})
	if err != nil {
		panic(err)
	}
	return built.Err()
}

func later(code codes.Code, reason string, after time.Duration) error {
	from, _ := status.FromError(refusal(code, reason, "RETRYABLE", nil))
	built, err := from.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	if err != nil {
		panic(err)
	}
	return built.Err()
}

// tokenOf is the access token of a call.
func tokenOf(ctx context.Context) string {
	header, _ := metadata.FromIncomingContext(ctx)
	return fmt.Sprint(header.Get("authorization"))
}
