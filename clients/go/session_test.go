package ordermesh_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
	omsv1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/oms/v1"
)

func TestATokenIsRefreshedBeforeItEndsWhateverTheClocksSay(t *testing.T) {
	for name, skew := range map[string]time.Duration{"equal": 0, "ahead": 9 * time.Hour, "behind": -9 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{skew: skew, life: 10 * time.Minute}
				mesh.answers()
				client := mesh.loggedIn(t, ordermesh.Config{})
				for _, step := range []struct {
					wait      time.Duration
					refreshes int
				}{{8 * time.Minute, 0}, {90 * time.Second, 1}, {8 * time.Minute, 1}} {
					time.Sleep(step.wait)
					if _, err := client.Place(t.Context(), order()); err != nil {
						t.Fatal(err)
					}
					if _, refreshes := mesh.counted(); refreshes != step.refreshes {
						t.Fatal(step, refreshes)
					}
				}
			})
		})
	}
}

func TestATokenIsRefreshedOnceForHoweverManyAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{life: time.Minute, refresh: func(context.Context) error {
			time.Sleep(time.Second)
			return nil
		}}
		mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{})
		time.Sleep(50 * time.Second)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := client.Place(t.Context(), order()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, refreshes := mesh.counted(); refreshes != 1 {
			t.Fatal(refreshes)
		}
	})
}

func TestARefusedTokenIsRenewedOnceAndTheCallRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{}
		keys := mesh.answers(refusal(codes.Unauthenticated, "TOKEN_EXPIRED", "RETRYABLE", nil))
		client := mesh.loggedIn(t, ordermesh.Config{})
		if _, err := client.Place(t.Context(), order(), ordermesh.RetryFor(0)); err != nil {
			t.Fatal(err)
		}
		if _, refreshes := mesh.counted(); refreshes != 1 || len(*keys) != 2 || (*keys)[0] != (*keys)[1] {
			t.Fatal(refreshes, *keys)
		}
	})
}

func TestARefreshGoesOnWhenTheCallThatNeededItIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{life: time.Minute, refresh: func(context.Context) error {
			time.Sleep(3 * time.Second)
			return nil
		}}
		mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{})
		time.Sleep(2 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.Place(ctx, order()); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		// A refresh whose answer nobody took would have used the token up.
		if _, err := client.Place(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		if logins, refreshes := mesh.counted(); logins != 1 || refreshes != 1 {
			t.Fatal(logins, refreshes)
		}
	})
}

func TestATokenThatStillHoldsIsUsedWhileNobodyRefreshesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{life: 10 * time.Minute, refresh: func(context.Context) error {
			return status.Error(codes.Unavailable, "identity is away")
		}}
		mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{})
		time.Sleep(9*time.Minute + 30*time.Second)
		if _, err := client.Place(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		_, err := client.Place(t.Context(), order(), ordermesh.RetryFor(0))
		var unreachable *ordermesh.UnreachableError
		var command *ordermesh.CommandError
		if !errors.As(err, &unreachable) || !errors.As(err, &command) || command.Ambiguous {
			t.Fatal(err)
		}
	})
}

func TestARefreshThatHangsHoldsNoCallUpWhileTheTokenHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{life: 10 * time.Minute, refresh: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{})
		time.Sleep(9*time.Minute + 30*time.Second)
		began := time.Now()
		if _, err := client.Place(t.Context(), order(), ordermesh.RetryFor(0)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Fatal(took)
		}
	})
}

// Whoever gives a call up before it was sent gets the same types of error as from the mesh.
func TestACallGivenUpWithoutATokenWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{life: time.Minute, refresh: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		keys := mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{})
		time.Sleep(2 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Place(ctx, order())
		var unreachable *ordermesh.UnreachableError
		var command *ordermesh.CommandError
		if !errors.As(err, &unreachable) || !errors.Is(err, context.DeadlineExceeded) ||
			!errors.As(err, &command) || command.Ambiguous || len(*keys) != 0 {
			t.Fatal(err, *keys)
		}
	})
}

func TestARefreshUndoesNoLogoutAndNoOtherLogin(t *testing.T) {
	for name, between := range map[string]func(context.Context, *ordermesh.Client) error{
		"logout": func(ctx context.Context, client *ordermesh.Client) error {
			_ = client.Logout(ctx) // this mesh has no Logout; the login ends here in any case
			if _, err := client.User(ctx); !errors.Is(err, ordermesh.ErrNotLoggedIn) {
				return fmt.Errorf("after the logout: %w", err)
			}
			return nil
		},
		"login": func(ctx context.Context, client *ordermesh.Client) error {
			_, err := client.Login(ctx, "alice", "right")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh, store := &fakeMesh{life: time.Minute}, &memoryStore{}
				mesh.after = func() { time.Sleep(5 * time.Second) }
				mesh.answers()
				client := mesh.loggedIn(t, ordermesh.Config{Store: store})
				time.Sleep(50 * time.Second)
				if _, err := client.Place(t.Context(), order()); err != nil { // begins a refresh
					t.Fatal(err)
				}
				if err := between(t.Context(), client); err != nil {
					t.Fatal(err)
				}
				kept := store.kept
				time.Sleep(10 * time.Second) // the refresh has ended
				if store.kept != kept {
					t.Fatal(store.kept, "in place of", kept)
				}
			})
		})
	}
}

func TestALoginThatHasEndedIsSaidOrMadeAgain(t *testing.T) {
	ended := func(context.Context) error {
		return refusal(codes.Unauthenticated, "UNAUTHENTICATED", "NOT_ALLOWED", nil)
	}
	for name, test := range map[string]struct {
		password string
		works    bool
	}{"no credentials": {"", false}, "right ones": {"right", true}, "wrong ones": {"wrong", false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mesh := &fakeMesh{life: time.Minute, refresh: ended}
				mesh.answers()
				config := ordermesh.Config{}
				if test.password != "" {
					config.Credentials = func(context.Context) (ordermesh.Credentials, error) {
						return ordermesh.Credentials{Username: "alice", Password: test.password}, nil
					}
				}
				client := mesh.loggedIn(t, config)
				time.Sleep(2 * time.Minute)
				_, err := client.Place(t.Context(), order())
				if (err == nil) != test.works || errors.Is(err, ordermesh.ErrNotLoggedIn) == test.works {
					t.Fatal(err)
				}
			})
		})
	}
}

// memoryStore keeps a login as a file would.
type memoryStore struct{ kept string }

func (s *memoryStore) Load() (string, error)   { return s.kept, nil }
func (s *memoryStore) Save(token string) error { s.kept = token; return nil }
func (s *memoryStore) Forget() error           { s.kept = ""; return nil }

func TestAKeptLoginGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh, store := &fakeMesh{}, &memoryStore{}
		mesh.answers()
		mesh.loggedIn(t, ordermesh.Config{Store: store})
		again := mesh.start(t, ordermesh.Config{Store: store})
		if _, err := again.Place(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		if logins, refreshes := mesh.counted(); logins != 1 || refreshes != 1 {
			t.Fatal(logins, refreshes)
		}
		if user, err := again.User(t.Context()); err != nil || user.GetUsername() != "alice" {
			t.Fatal(user, err)
		}
		_ = again.Logout(t.Context()) // this mesh has no Logout; the login ends here in any case
		if _, err := again.Place(t.Context(), order()); !errors.Is(err, ordermesh.ErrNotLoggedIn) || store.kept != "" {
			t.Fatal(err, store.kept)
		}
	})
}

func TestAClientThatClosesKeepsTheAnswerOfARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh, store := &fakeMesh{life: time.Minute}, &memoryStore{}
		mesh.after = func() { time.Sleep(5 * time.Second) }
		mesh.answers()
		client := mesh.loggedIn(t, ordermesh.Config{Store: store})
		time.Sleep(50 * time.Second)
		if _, err := client.Place(t.Context(), order()); err != nil { // begins a refresh
			t.Fatal(err)
		}
		if err := client.Close(); err != nil || store.kept != "refresh-2" {
			t.Fatal(err, store.kept)
		}
	})
}

func TestAStreamOfAnEndedLoginEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh := &fakeMesh{refresh: func(context.Context) error {
			return refusal(codes.Unauthenticated, "UNAUTHENTICATED", "NOT_ALLOWED", nil)
		}}
		mesh.plays(connection{items: []*omsv1.OrderStreamItem{complete(cursor("E", 0)), event(1)},
			end: refusal(codes.Unauthenticated, "UNAUTHENTICATED", "NOT_ALLOWED", nil)})
		stream := mesh.loggedIn(t, ordermesh.Config{}).WatchOrders(t.Context(), ordermesh.OrderWatch{})
		defer stream.Close()
		var last error
		for _, err := range stream.Items(t.Context()) {
			last = err
		}
		if !errors.Is(last, ordermesh.ErrNotLoggedIn) {
			t.Fatal(last)
		}
	})
}
