// Readers of gRPC streams over TLS that cost little: they count updates in the bytes and parse no message.
//
//	readers CERT KEY CA HOST:PORT NAME PATH TYPE READERS STOPPED SECONDS MARK < HEADERS
//
// CERT and KEY may be empty. NAME is the host name in the server's certificate. TYPE is
// application/grpc or application/grpc-web+proto. STOPPED further streams are opened and not read
// after their first message. MARK is the hexadecimal bytes that an update has once. Standard input
// has headers authorization, one in a line, and after an empty line requests, hexadecimal, one in a
// line; the streams use them in turn.
//
// Prints "taken N" all the time, the messages' updates that the slowest reader has taken, then
// {"rate": updates a second, "updates": all while it measured, "cpu_s": of this process meanwhile,
// "ages_ms": [p50, p99], "worst_p99_ms": of the worst reader}. The age of a message is the time
// since venue_time of its first quote, if it has one.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// Bytes of a stream that may be under way: as many as Envoy's.
	streamWindow = 64 * 1024
	readBuffer   = 32 * 1024
	lookEvery    = 2 * time.Millisecond
	frameHead    = 5
	trailers     = 0x80
	openAtOnce   = 20
)

// Path of fields to the first quote's time: items, update, quote, venue_time.
var timeOfQuote = []uint64{1, 1, 10, 12}

type reader struct {
	taken atomic.Int64
	ages  []time.Duration
}

var measures atomic.Bool

func main() {
	if len(os.Args) != 12 {
		log.Fatal("see the comment at the head of main.go for the words")
	}
	words := os.Args[1:]
	count, stopped := number(words[7]), number(words[8])
	seconds, err := strconv.ParseFloat(words[9], 64)
	must(err)
	mark, err := hex.DecodeString(words[10])
	must(err)
	headers, requests := input()
	client := &http.Client{Transport: transport(words[0], words[1], words[2], words[4])}
	open := func(index int) *http.Response {
		request := requests[index%len(requests)]
		body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(request))), request...)
		call, err := http.NewRequest("POST", "https://"+words[3]+words[5], bytes.NewReader(body))
		must(err)
		call.Header.Set("content-type", words[6])
		call.Header.Set("te", "trailers")
		if len(headers) > 0 {
			call.Header.Set("authorization", headers[index%len(headers)])
		}
		answer, err := client.Do(call)
		must(err)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("grpc-status") != "" {
			log.Fatal(answer.Status, answer.Header)
		}
		return answer
	}
	readers := make([]*reader, count)
	places := make(chan bool, openAtOnce)
	for index := range count + stopped {
		places <- true
		if index >= count {
			go stop(open(index), places)
			continue
		}
		readers[index] = &reader{}
		go func() {
			answer := open(index)
			<-places
			readers[index].read(answer.Body, mark)
		}()
	}
	measure(readers, time.Duration(seconds*float64(time.Second)))
}

// input reads the headers and the request.
func input() ([]string, [][]byte) {
	all, err := io.ReadAll(os.Stdin)
	must(err)
	head, rest, found := strings.Cut(string(all), "\n\n")
	if !found {
		log.Fatal("standard input has no empty line")
	}
	var requests [][]byte
	for _, line := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n") {
		data, err := hex.DecodeString(line)
		must(err)
		requests = append(requests, data)
	}
	return strings.Split(head, "\n"), requests
}

func transport(certificate, key, authority, name string) *http.Transport {
	pool := x509.NewCertPool()
	data, err := os.ReadFile(authority)
	must(err)
	pool.AppendCertsFromPEM(data)
	config := &tls.Config{RootCAs: pool, ServerName: name, NextProtos: []string{"h2"}}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		must(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{
		TLSClientConfig:    config,
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
		ReadBufferSize:     readBuffer,
		HTTP2:              &http.HTTP2Config{MaxReceiveBufferPerStream: streamWindow},
	}
}

// stop reads one message and then nothing, until the process ends.
func stop(answer *http.Response, places chan bool) {
	<-places
	_, err := io.ReadFull(answer.Body, make([]byte, frameHead))
	must(err)
	select {}
}

func (one *reader) read(body io.Reader, mark []byte) {
	stream := bufio.NewReaderSize(body, readBuffer)
	head := make([]byte, frameHead)
	var data []byte
	for {
		if _, err := io.ReadFull(stream, head); err != nil {
			log.Fatal("a stream ended: ", err)
		}
		size := int(binary.BigEndian.Uint32(head[1:]))
		data = slices.Grow(data[:0], size)[:size]
		_, err := io.ReadFull(stream, data)
		must(err)
		if head[0]&trailers != 0 {
			log.Fatal("a stream ended: ", string(data))
		}
		one.taken.Add(int64(bytes.Count(data, mark)))
		if measures.Load() {
			if at, found := quoteTime(data); found {
				one.ages = append(one.ages, time.Since(at))
			}
		}
	}
}

// quoteTime returns the time of the first quote of a message.
func quoteTime(data []byte) (time.Time, bool) {
	for _, name := range timeOfQuote {
		value, _, found := field(data, name)
		if !found {
			return time.Time{}, false
		}
		data = value
	}
	_, seconds, _ := field(data, 1)
	_, nanos, _ := field(data, 2)
	return time.Unix(int64(seconds), int64(nanos)), true
}

// field returns the first field of this number: its bytes, or its whole number.
func field(data []byte, name uint64) ([]byte, uint64, bool) {
	for len(data) > 0 {
		tag, size := binary.Uvarint(data)
		value, more := binary.Uvarint(data[size:])
		data = data[size+more:]
		switch tag & 7 {
		case 0:
			if tag>>3 == name {
				return nil, value, true
			}
		case 2:
			if tag>>3 == name {
				return data[:value], 0, true
			}
			data = data[value:]
		default:
			log.Fatal("a message has a field of wire type ", tag&7)
		}
	}
	return nil, 0, false
}

func measure(readers []*reader, span time.Duration) {
	out := bufio.NewWriter(os.Stdout)
	say := func() {
		fmt.Fprintln(out, "taken", slowest(readers))
		must(out.Flush())
		time.Sleep(lookEvery)
	}
	for slowest(readers) == 0 {
		say()
	}
	fmt.Fprintln(out, "open")
	must(out.Flush())
	// What the streams begin with is not measured.
	for first := slowest(readers); slowest(readers) == first; {
		say()
	}
	before, start, used := sum(readers), time.Now(), cpu()
	measures.Store(true)
	for time.Since(start) < span {
		say()
	}
	measures.Store(false)
	updates, elapsed := sum(readers)-before, time.Since(start).Seconds()
	time.Sleep(lookEvery)
	ages, worst := agesOf(readers)
	must(json.NewEncoder(out).Encode(map[string]any{
		"rate":         float64(updates) / elapsed,
		"updates":      updates,
		"cpu_s":        cpu() - used,
		"ages_ms":      []float64{percentile(ages, 50), percentile(ages, 99)},
		"worst_p99_ms": worst,
	}))
	must(out.Flush())
}

func agesOf(readers []*reader) ([]time.Duration, float64) {
	var all []time.Duration
	worst := 0.0
	for _, one := range readers {
		all = append(all, one.ages...)
		worst = max(worst, percentile(one.ages, 99))
	}
	return all, worst
}

func percentile(ages []time.Duration, percent int) float64 {
	if len(ages) == 0 {
		return 0
	}
	slices.Sort(ages)
	return float64(ages[min(len(ages)-1, len(ages)*percent/100)]) / float64(time.Millisecond)
}

func slowest(readers []*reader) int64 {
	least := readers[0].taken.Load()
	for _, one := range readers {
		least = min(least, one.taken.Load())
	}
	return least
}

func sum(readers []*reader) int64 {
	total := int64(0)
	for _, one := range readers {
		total += one.taken.Load()
	}
	return total
}

func cpu() float64 {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
