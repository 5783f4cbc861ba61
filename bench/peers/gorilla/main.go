// Fan-out with Gorilla WebSocket over mutual TLS: what a team would build instead of svc_marketdata.
//
//	gorilla serve CERT KEY CA FRAME       prints {"port": N}; sends the bytes of the file FRAME to every
//	                                      reader, again and again, as fast as the reader takes them
//	gorilla read CERT KEY CA PORT READERS MARK SECONDS
//	                                      prints {"rate": updates a second, "updates": all since the start};
//	                                      an update is one MARK (hexadecimal) in the bytes
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	serverName  = "localhost"
	bufferBytes = 16 * 1024
	lookEvery   = 10 * time.Millisecond
)

func main() {
	if len(os.Args) == 6 && os.Args[1] == "serve" {
		serve(tlsOf(os.Args[2:5]), os.Args[5])
	} else if len(os.Args) == 9 && os.Args[1] == "read" {
		readers, err := strconv.Atoi(os.Args[6])
		must(err)
		mark, err := hex.DecodeString(os.Args[7])
		must(err)
		seconds, err := strconv.ParseFloat(os.Args[8], 64)
		must(err)
		read(tlsOf(os.Args[2:5]), os.Args[5], readers, mark, time.Duration(seconds*float64(time.Second)))
	} else {
		log.Fatal("see the comment at the head of main.go for the words")
	}
}

// tlsOf makes mutual TLS of a certificate, its key, and the authority of the other side's.
func tlsOf(files []string) *tls.Config {
	certificate, err := tls.LoadX509KeyPair(files[0], files[1])
	must(err)
	authority, err := os.ReadFile(files[2])
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
		RootCAs:      pool,
		ServerName:   serverName,
		MinVersion:   tls.VersionTLS13,
	}
}

func serve(config *tls.Config, frame string) {
	data, err := os.ReadFile(frame)
	must(err)
	message, err := websocket.NewPreparedMessage(websocket.BinaryMessage, data)
	must(err)
	upgrader := websocket.Upgrader{ReadBufferSize: bufferBytes, WriteBufferSize: bufferBytes}
	watch := func(answer http.ResponseWriter, request *http.Request) {
		connection, err := upgrader.Upgrade(answer, request, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		// A reader that goes ends its own loop only.
		for connection.WritePreparedMessage(message) == nil {
		}
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port}))
	must(http.Serve(listener, http.HandlerFunc(watch)))
}

func read(config *tls.Config, port string, readers int, mark []byte, span time.Duration) {
	counts := make([]atomic.Int64, readers)
	dialer := websocket.Dialer{TLSClientConfig: config, ReadBufferSize: bufferBytes}
	for number := range counts {
		connection, answer, err := dialer.Dial(fmt.Sprintf("wss://127.0.0.1:%s/watch", port), nil)
		must(err)
		must(answer.Body.Close())
		go func() {
			for {
				_, data, err := connection.ReadMessage()
				must(err)
				counts[number].Add(int64(bytes.Count(data, mark)))
			}
		}()
	}
	for number := range counts {
		for counts[number].Load() == 0 {
			time.Sleep(lookEvery)
		}
	}
	before, start := sum(counts), time.Now()
	time.Sleep(span)
	updates, seconds := sum(counts), time.Since(start).Seconds()
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"rate":    float64(updates-before) / seconds,
		"updates": float64(updates),
	}))
}

func sum(counts []atomic.Int64) int64 {
	total := int64(0)
	for number := range counts {
		total += counts[number].Load()
	}
	return total
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
