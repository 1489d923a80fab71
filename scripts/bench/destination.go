package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/service"
)

// stage is the processes around a collector.
type stage struct {
	service *role
	sink    *role // nil where the collector needs none
	setup   setup // completed with the addresses
}

// startStage starts a service with as many rows, and the destination of a setup.
func startStage(ctx context.Context, recording, directory string, s setup, rows int, plain bool) (*stage, error) {
	st := &stage{setup: s}
	st.setup.ca = filepath.Join(directory, "ca.pem")
	var err error
	st.service, err = startRole(ctx, filepath.Join(directory, "service.log"), "serve",
		"-recording", recording, "-rows", strconv.Itoa(rows), "-ca", st.setup.ca, "-plain="+strconv.FormatBool(plain))
	if err != nil {
		return nil, err
	}
	st.setup.service = st.service.Endpoint
	if s.into == intoOTLP || s.into == intoKafka {
		if st.sink, err = startRole(ctx, filepath.Join(directory, "sink.log"), "sink", s.into); err != nil {
			st.stop()
			return nil, err
		}
		st.setup.sink = st.sink.Endpoint
	}
	return st, nil
}

// stop ends the processes.
func (s *stage) stop() {
	for _, r := range []*role{s.service, s.sink} {
		if r != nil {
			_ = r.stdin.Close()
			select {
			case <-r.done:
			case <-time.After(5 * time.Second):
				r.kill()
			}
		}
	}
}

// progress is how far the collector has read.
func (s *stage) progress(ctx context.Context) (service.Progress, error) {
	var p service.Progress
	err := s.service.ask(ctx, &p)
	if err == nil && p.Refused > 0 {
		err = fmt.Errorf("the replaying service does not know a query of the collector: %s", p.Last)
	}
	return p, err
}

// delivered is how many records have arrived; -1 where nobody counts them.
func (s *stage) delivered(ctx context.Context, directory string) (int64, error) {
	switch {
	case s.sink != nil:
		var r received
		err := s.sink.ask(ctx, &r)
		return r.Records, err
	case s.setup.into == intoFile:
		return events(directory)
	default:
		return -1, nil
	}
}
