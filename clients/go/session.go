package ordermesh

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	identityv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/identity/v1"
)

// An access token is refreshed when less than this, or than a fifth of its life, is left.
const (
	refreshBefore     = time.Minute
	refreshLifeFactor = 5
	// refreshPatience is how long a call waits for a refresh while the old token still holds: an
	// identity service that hangs must not hold up orders and cancels.
	refreshPatience = time.Second
)

// TokenStore keeps a login between runs of a program. Tokens are secrets: keep them private. The
// methods are called by one goroutine at a time.
type TokenStore interface {
	// Load returns the refresh token, or "" if there is none.
	Load() (string, error)
	// Save keeps a refresh token in place of the one before, which is no longer valid.
	Save(refreshToken string) error
	// Forget drops the login.
	Forget() error
}

// session is one login. At most one exchange of tokens is under way: a refresh token that is used
// twice ends the whole login.
type session struct {
	auth        identityv1.AuthServiceClient
	credentials func(context.Context) (Credentials, error)
	store       TokenStore
	log         *slog.Logger
	timeout     time.Duration

	mu       sync.Mutex
	user     *identityv1.User
	access   string
	refresh  string
	renewAt  time.Time
	expireAt time.Time
	underway *exchange
}

// exchange is a refresh or a login that is under way, for however many wait for it.
type exchange struct {
	done chan struct{}
	err  error
}

func newSession(auth identityv1.AuthServiceClient, config Config) (*session, error) {
	s := &session{
		auth: auth, credentials: config.Credentials, store: config.Store, log: config.Logger, timeout: config.CallTimeout,
	}
	if s.store == nil {
		return s, nil
	}
	kept, err := s.store.Load()
	if err != nil {
		return nil, fmt.Errorf("ordermesh: Config.Store: %w", err)
	}
	s.refresh = kept
	return s, nil
}

func (s *session) login(ctx context.Context, given Credentials) (*identityv1.User, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.auth.Login(ctx, &identityv1.LoginRequest{Username: given.Username, Password: given.Password})
	if err != nil {
		return nil, typedError(ctx, err)
	}
	return answer.GetUser(), s.take(answer.GetTokens(), answer.GetUser())
}

func (s *session) logout(ctx context.Context) error {
	s.mu.Lock()
	refresh := s.refresh
	s.mu.Unlock()
	if err := s.end(refresh); err != nil || refresh == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err := s.auth.Logout(ctx, &identityv1.LogoutRequest{RefreshToken: refresh})
	return typedError(ctx, err)
}

// accounts are those of the user, as the login or its last refresh named them.
func (s *session) accounts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user.GetAccounts()
}

// token gives an access token that is valid for a call now, refreshed before it ends.
func (s *session) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	access, now := s.access, time.Now()
	due, valid := !now.Before(s.renewAt), access != "" && now.Before(s.expireAt)
	s.mu.Unlock()
	if valid && !due {
		return access, nil
	}
	if !valid {
		return s.renew(ctx, access)
	}
	patient, cancel := context.WithTimeout(ctx, refreshPatience)
	defer cancel()
	renewed, err := s.renew(patient, access)
	if err != nil && !errors.Is(err, ErrNotLoggedIn) && ctx.Err() == nil {
		// The mesh does not answer now; the old one holds for a while.
		return access, nil
	}
	return renewed, err
}

// renew replaces an access token that is about to end or that the mesh refused, once for however many
// ask. The exchange goes on when the one who asked first gives up: its answer must not be lost.
func (s *session) renew(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	if s.access != refused && s.access != "" {
		defer s.mu.Unlock()
		return s.access, nil
	}
	running := s.underway
	if running == nil {
		running = &exchange{done: make(chan struct{})}
		s.underway = running
		go s.run(context.WithoutCancel(ctx), running)
	}
	s.mu.Unlock()
	select {
	case <-running.done:
	case <-ctx.Done():
		return "", givenUp(ctx, "no token: the refresh of the login has not ended")
	}
	if running.err != nil {
		return "", running.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access, nil
}

func (s *session) run(ctx context.Context, running *exchange) {
	running.err = s.exchange(ctx)
	s.mu.Lock()
	s.underway = nil
	s.mu.Unlock()
	close(running.done)
}

// settle waits for an exchange that is under way.
func (s *session) settle() {
	s.mu.Lock()
	running := s.underway
	s.mu.Unlock()
	if running != nil && s.store != nil {
		<-running.done
	}
}

func (s *session) exchange(ctx context.Context) error {
	s.mu.Lock()
	refresh := s.refresh
	s.mu.Unlock()
	if refresh != "" {
		err := s.refreshWith(ctx, refresh)
		if !errors.Is(err, ErrNotLoggedIn) {
			return err
		}
		s.log.WarnContext(ctx, "the login has ended", "again", s.credentials != nil)
		if ended := s.end(refresh); ended != nil {
			return ended
		}
	}
	if s.credentials == nil {
		return ErrNotLoggedIn
	}
	given, err := s.credentials(ctx)
	if err != nil {
		return fmt.Errorf("%w: Config.Credentials: %w", ErrNotLoggedIn, err)
	}
	if _, err = s.login(ctx, given); unauthenticated(err) {
		return fmt.Errorf("%w: %w", ErrNotLoggedIn, err)
	}
	return err
}

func (s *session) refreshWith(ctx context.Context, refresh string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.auth.Refresh(ctx, &identityv1.RefreshRequest{RefreshToken: refresh})
	if err != nil {
		err = typedError(ctx, err)
		var refused *RefusedError
		if errors.As(err, &refused) && refused.Code == codes.Unauthenticated {
			return fmt.Errorf("%w: %w", ErrNotLoggedIn, err)
		}
		return err
	}
	s.log.DebugContext(ctx, "the login was refreshed")
	return s.takeInPlaceOf(&refresh, answer.GetTokens(), answer.GetUser())
}

func (s *session) take(tokens *identityv1.TokenPair, user *identityv1.User) error {
	return s.takeInPlaceOf(nil, tokens, user)
}

// takeInPlaceOf keeps new tokens. Those of a refresh replace the refresh token that it used, and
// nothing else: a logout or another login may have come in between.
func (s *session) takeInPlaceOf(used *string, tokens *identityv1.TokenPair, user *identityv1.User) error {
	if tokens.GetAccessToken() == "" || tokens.GetRefreshToken() == "" {
		return fmt.Errorf("%w: the answer of the mesh has no tokens", ErrNotLoggedIn)
	}
	life := lifeOf(tokens)
	s.mu.Lock()
	defer s.mu.Unlock()
	if used != nil && s.refresh != *used {
		if s.refresh == "" {
			return ErrNotLoggedIn
		}
		return nil
	}
	now := time.Now()
	s.user, s.access, s.refresh = user, tokens.GetAccessToken(), tokens.GetRefreshToken()
	s.expireAt = now.Add(life)
	s.renewAt = s.expireAt.Add(-min(refreshBefore, life/refreshLifeFactor))
	if s.store == nil {
		return nil
	}
	if err := s.store.Save(s.refresh); err != nil {
		return fmt.Errorf("ordermesh: Config.Store: %w", err)
	}
	return nil
}

// end forgets the login that has this refresh token.
func (s *session) end(refresh string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refresh != refresh {
		return nil
	}
	s.user, s.access, s.refresh = nil, "", ""
	if s.store == nil {
		return nil
	}
	return s.store.Forget()
}

// lifeOf gives how long an access token holds from now on. The difference of its own two times needs
// no agreement of clocks, the expiry as a time does.
func lifeOf(tokens *identityv1.TokenPair) time.Duration {
	var claims struct {
		IssuedAt float64 `json:"iat"`
		Expiry   float64 `json:"exp"`
	}
	parts := strings.Split(tokens.GetAccessToken(), ".")
	if len(parts) == 3 {
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(payload, &claims) == nil && claims.IssuedAt > 0 && claims.Expiry > claims.IssuedAt {
			return time.Duration((claims.Expiry - claims.IssuedAt) * float64(time.Second))
		}
	}
	return max(0, time.Until(tokens.GetAccessExpiresAt().AsTime()))
}

const authService = "/ordermesh.identity.v1.AuthService/"

// unary puts the access token on a call; a call refused as unauthenticated is made once more, with a
// new token. Errors become those of this package.
func (s *session) unary(
	ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if strings.HasPrefix(method, authService) {
		return typedError(ctx, invoke(ctx, method, request, answer, conn, options...))
	}
	token, err := s.token(ctx)
	if err != nil {
		return &unsentError{err}
	}
	err = typedError(ctx, invoke(bearer(ctx, token), method, request, answer, conn, options...))
	if !unauthenticated(err) {
		return err
	}
	if token, err = s.renew(ctx, token); err != nil {
		return &unsentError{err}
	}
	return typedError(ctx, invoke(bearer(ctx, token), method, request, answer, conn, options...))
}

// stream puts the access token on a stream.
func (s *session) stream(
	ctx context.Context, about *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	token, err := s.token(ctx)
	if err != nil {
		return nil, err
	}
	return open(bearer(ctx, token), about, conn, method, options...)
}

func bearer(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func unauthenticated(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && refused.Code == codes.Unauthenticated
}
