package ordermesh

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	typev1 "github.com/ordermesh/ordermesh/clients/go/gen/ordermesh/type/v1"
)

// ErrStreamClosed is what a stream gives after its Close, or that of its Client.
var ErrStreamClosed = errors.New("ordermesh: the stream is closed")

var (
	errSilent = errors.New("no frame for two and a half heartbeats")
	errEnded  = errors.New("the mesh ended the stream")
)

// Silence of so many halves of a heartbeat ends a connection.
const silentHalves = 5

// frames is one connection of a stream.
type frames[Frame any] interface{ Recv() (Frame, error) }

// wish is what a stream needs after a frame; mostly nothing.
type wish struct {
	// drain: the server is about to end the stream.
	drain *typev1.Drain
	// reopen: why this connection cannot go on; the next one begins at the cursors.
	reopen string
}

// resuming reads a stream over any number of connections: at once after a first break, then with
// backoff, until the context ends or the mesh refuses for good.
type resuming[Frame any] struct {
	name      string
	session   *session
	log       *slog.Logger
	heartbeat time.Duration
	delays    attempts
	// open makes a connection that begins after what was taken so far.
	open func(context.Context) (frames[Frame], error)
	// take takes a frame.
	take func(context.Context, Frame) (wish, error)
	// tell gives the program a gap.
	tell func(context.Context, *typev1.Gap) error

	// closed: the Client of the stream is.
	closed  func() bool
	token   string
	down    bool
	renewed bool
}

// ending is how one connection ended.
type ending struct {
	err   error
	drain *typev1.Drain
}

// run returns why there are no more items: the error of the context, or of the mesh.
func (r *resuming[Frame]) run(ctx context.Context) error {
	for {
		began := time.Now()
		end := r.connection(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if r.closed() {
			return ErrStreamClosed
		}
		r.delays.ended(time.Since(began))
		wait, err := r.judge(ctx, end)
		if err != nil {
			return err
		}
		if err := r.broken(ctx, end); err != nil {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return context.Cause(ctx)
		}
	}
}

// connection reads one connection until its end.
func (r *resuming[Frame]) connection(ctx context.Context) ending {
	var end ending
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(r.heartbeat*silentHalves/2, func() { cancel(errSilent) })
	defer silence.Stop()
	if r.token, end.err = r.session.token(ctx); end.err != nil {
		return end
	}
	from, err := r.open(ctx)
	for err == nil {
		var frame Frame
		silence.Reset(r.heartbeat * silentHalves / 2)
		if frame, err = from.Recv(); err != nil {
			break
		}
		// A program that does not read is no silence of the mesh.
		silence.Stop()
		if err = r.alive(ctx); err != nil {
			break
		}
		var then wish
		if then, err = r.take(ctx, frame); err != nil {
			break
		}
		if then.drain != nil {
			end.drain = then.drain
		}
		if then.reopen != "" {
			return ending{err: errors.New(then.reopen)}
		}
	}
	switch end.err = typedError(ctx, err); {
	case errors.Is(context.Cause(ctx), errSilent):
		return ending{err: errSilent}
	case errors.Is(err, io.EOF):
		end.err = errEnded
	}
	return end
}

// alive notes that a frame came.
func (r *resuming[Frame]) alive(ctx context.Context) error {
	r.renewed = false
	if !r.down {
		return nil
	}
	if err := r.tell(ctx, gapNow(typev1.GapKind_GAP_KIND_LINK_UP, "connected again")); err != nil {
		return err
	}
	r.down = false
	r.log.InfoContext(ctx, "the stream is connected again", "stream", r.name)
	return nil
}

// broken says that the connection broke; a drain that is resumed is no gap.
func (r *resuming[Frame]) broken(ctx context.Context, end ending) error {
	if r.down || end.drain != nil {
		return nil
	}
	r.down = true
	r.log.WarnContext(ctx, "the stream broke and is resumed", "stream", r.name, "cause", end.err)
	return r.tell(ctx, gapNow(typev1.GapKind_GAP_KIND_LINK_DOWN, end.err.Error()))
}

// judge says how long to wait before the next connection, or returns the error that it would end with
// as well.
func (r *resuming[Frame]) judge(ctx context.Context, end ending) (time.Duration, error) {
	if end.drain != nil {
		wait := max(r.delays.next(), end.drain.GetRetryAfter().AsDuration())
		if end.drain.GetCause() == typev1.DrainCause_DRAIN_CAUSE_TOKEN_EXPIRY {
			return wait, r.renew(ctx)
		}
		return wait, nil
	}
	if errors.Is(end.err, ErrNotLoggedIn) {
		return 0, end.err
	}
	var refused *RefusedError
	if !errors.As(end.err, &refused) {
		return r.delays.next(), nil
	}
	if refused.Code == codes.Unauthenticated && !r.renewed {
		r.renewed = true
		return max(r.delays.next(), refused.RetryAfter), r.renew(ctx)
	}
	if permanent(refused) {
		return 0, refused
	}
	return max(r.delays.next(), refused.RetryAfter), nil
}

// renew replaces the token of this stream. A mesh that does not answer now is asked again when the
// stream is opened.
func (r *resuming[Frame]) renew(ctx context.Context) error {
	if _, err := r.session.renew(ctx, r.token); errors.Is(err, ErrNotLoggedIn) {
		return err
	}
	return nil
}

// permanent: another attempt would end the same way.
func permanent(refused *RefusedError) bool {
	switch refused.Code {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented, codes.NotFound:
		return refused.RetryClass != typev1.RetryClass_RETRY_CLASS_RETRYABLE
	default:
		return false
	}
}

func gapNow(kind typev1.GapKind, text string) *typev1.Gap {
	return &typev1.Gap{Kind: kind, Text: text, Since: timestamppb.Now()}
}

// reader is what the streams have in common: a queue that a goroutine fills, until Close.
type reader[Item any] struct {
	queue  *queue[Item]
	cancel context.CancelCauseFunc
	done   chan struct{}
}

func start[Item, Frame any](ctx context.Context, client *Client, queue *queue[Item], source *resuming[Frame]) *reader[Item] {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &reader[Item]{queue: queue, cancel: cancel, done: make(chan struct{})}
	source.closed = func() bool { return client.open.Err() != nil }
	released := context.AfterFunc(client.open, func() { cancel(ErrStreamClosed) })
	go func() {
		defer close(r.done)
		defer cancel(nil)
		defer released()
		queue.end(source.run(ctx))
	}()
	return r
}

// Close ends the stream and waits until it has ended. What it has received and nobody has read is given
// by the reads that follow, then ErrStreamClosed.
func (r *reader[Item]) Close() {
	r.cancel(ErrStreamClosed)
	<-r.done
}

// each gives what next returns, until its first error, which comes last; the end by Close or by the
// context is no error here.
func each[Item any](ctx context.Context, next func(context.Context) (Item, error)) func(yield func(Item, error) bool) {
	return func(yield func(Item, error) bool) {
		for {
			item, err := next(ctx)
			switch {
			case err == nil:
				if !yield(item, nil) {
					return
				}
				continue
			case errors.Is(err, ErrStreamClosed), ctx.Err() != nil && errors.Is(err, ctx.Err()):
			default:
				yield(item, err)
			}
			return
		}
	}
}
