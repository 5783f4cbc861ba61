// The driver of the Go client for the conformance kit: clients/conformance/README.md has its contract.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	ordermesh "github.com/ordermesh/ordermesh/clients/go"
)

// testCase is one line of standard input.
type testCase struct {
	Case     string `json:"case"`
	Address  string `json:"address"`
	CAFile   string `json:"ca_file"`
	Username string `json:"username"`
	Password string `json:"password"`
	Settings struct {
		AttemptTimeoutS float64 `json:"attempt_timeout_s"`
		HeartbeatS      int     `json:"heartbeat_s"`
		BackoffBaseMs   float64 `json:"backoff_base_ms"`
		BackoffCapMs    float64 `json:"backoff_cap_ms"`
	} `json:"settings"`
	Steps []step `json:"steps"`
}

// step is one thing to do with a client.
type step struct {
	Do         string            `json:"do"`
	Username   *string           `json:"username"`
	Password   *string           `json:"password"`
	Request    json.RawMessage   `json:"request"`
	Key        string            `json:"key"`
	RetryForS  float64           `json:"retry_for_s"`
	OrderID    string            `json:"order_id"`
	Accounts   []string          `json:"accounts"`
	Until      map[string]uint64 `json:"until"`
	HoldAfter  int               `json:"hold_after"`
	Instrument []string          `json:"instruments"`
	Mode       string            `json:"mode"`
	IntervalMs int32             `json:"interval_ms"`
	Seconds    float64           `json:"s"`
	Steps      []step            `json:"steps"`
}

// object is a line, or a part of one.
type object = map[string]any

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run plays a case for each line, until there are no more.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	lines, printed := bufio.NewReader(in), newPrinter(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var one testCase
		if err := json.Unmarshal(line, &one); err != nil {
			return fmt.Errorf("a line of standard input: %w", err)
		}
		if err := play(ctx, one, lines, printed); err != nil {
			return fmt.Errorf("case %s: %w", one.Case, err)
		}
		printed.say(object{"end": one.Case})
	}
}

func play(ctx context.Context, one testCase, lines *bufio.Reader, printed *printer) error {
	client, err := ordermesh.New(ordermesh.Config{
		Target: one.Address, CAFile: one.CAFile,
		CallTimeout: seconds(one.Settings.AttemptTimeoutS),
		Heartbeat:   time.Duration(one.Settings.HeartbeatS) * time.Second,
		Backoff: ordermesh.Backoff{
			Base:       seconds(one.Settings.BackoffBaseMs / 1000),
			Cap:        seconds(one.Settings.BackoffCapMs / 1000),
			ResetAfter: ordermesh.BackoffDefault.ResetAfter,
		},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	player := &player{client: client, one: one, lines: lines, printed: printed}
	for number, step := range one.Steps {
		player.play(ctx, step, fmt.Sprint(number))
	}
	return client.Close()
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }
