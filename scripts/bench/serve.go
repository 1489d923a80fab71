package main

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/service"
)

// The replayed rows arrive within the hour that a first start reads, and before the settle time.
const (
	spanFrom = 55 * time.Minute
	spanTo   = 5 * time.Minute
)

// serve is the replaying service in its own process. It ends with its input.
func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	path := flags.String("recording", "", "`file` with the recorded rows")
	rows := flags.Int("rows", 0, "how many rows there are")
	plain := flags.Bool("plain", false, "do not compress")
	ca := flags.String("ca", "", "`file` to write the certificate to")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recording, err := service.Read(*path)
	if err != nil {
		return err
	}
	now := time.Now()
	s, err := service.New(recording, service.Span{From: now.Add(-spanFrom), To: now.Add(-spanTo), Rows: *rows}, *plain)
	if err != nil {
		return err
	}
	server, err := startTLS(s.Handler(), *ca)
	if err != nil {
		return err
	}
	defer server.Close()
	return untilEnd(greeting{Endpoint: server.URL}, func() any { return s.Progress() })
}

// startTLS serves on a free port of this machine, and writes the certificate to a file.
func startTLS(handler http.Handler, ca string) (*httptest.Server, error) {
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		server.Close()
		return nil, fmt.Errorf("write the certificate: %w", err)
	}
	return server, nil
}

// untilEnd prints a greeting, and tells the progress until the input ends.
func untilEnd(g greeting, progress func() any) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	admin := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(progress()) // who asked has gone
	})}
	defer func() { _ = admin.Close() }()
	go func() { _ = admin.Serve(listener) }() // until it is closed
	g.Admin = "http://" + listener.Addr().String()
	if err := json.NewEncoder(os.Stdout).Encode(g); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
