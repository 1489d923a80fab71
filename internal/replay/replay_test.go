package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// destination takes letters, and notes their names in the order in which they were acknowledged.
type destination struct {
	taken  []string
	answer func(name string) error
}

func (d *destination) Send(_ context.Context, logs plog.Logs) error {
	name := nameOf(logs)
	if d.answer != nil {
		if err := d.answer(name); err != nil {
			return err
		}
	}
	d.taken = append(d.taken, name)
	return nil
}

func (d *destination) Close() error { return nil }

func nameOf(logs plog.Logs) string {
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str()
}

func letter(name string) string {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(name)
	text, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

func write(t *testing.T, path string, names ...string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	for _, name := range names {
		_, err = file.WriteString(letter(name))
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
}

func do(t *testing.T, directory string, d Sender) (Result, error) {
	t.Helper()
	r := Run{Directory: directory, Sender: d, Pause: func(context.Context, time.Duration) error { return nil }}
	return r.Do(t.Context())
}

// A run that ends in the middle is resumed: each letter is acknowledged once, whatever ended the run.
func TestInterrupted(t *testing.T) {
	directory := t.TempDir()
	write(t, filepath.Join(directory, "A.ndjson"), "a1", "a2", "a3")
	write(t, filepath.Join(directory, "B.ndjson"), "b1", "b2")
	d := &destination{}
	for _, until := range []int{1, 2, 4} {
		d.answer = func(string) error {
			if len(d.taken) == until {
				return fmt.Errorf("%w: 503", errLater)
			}
			return nil
		}
		_, err := do(t, directory, d)
		require.ErrorIs(t, err, errLater)
		assert.Len(t, d.taken, until)
	}
	d.answer = nil
	result, err := do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, Result{Sent: 1, Earlier: 4, Kept: []Kept{}, Unfinished: []string{}}, result)
	assert.Equal(t, []string{"a1", "a2", "a3", "b1", "b2"}, d.taken)
}

// What is not taken for the moment is offered again within the run.
func TestPassingTrouble(t *testing.T) {
	directory, refusals := t.TempDir(), 0
	write(t, filepath.Join(directory, "A.ndjson"), "a1")
	d := &destination{answer: func(string) error {
		if refusals++; refusals < tries {
			return errLater
		}
		return nil
	}}
	result, err := do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, 1, result.Sent)
}

// A refused letter stays and is named, and the others are sent; it is offered again by the next run.
func TestRefused(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "A.ndjson")
	write(t, path, "a1", "poison", "a3")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	d := &destination{answer: func(name string) error {
		if name == "poison" {
			return fmt.Errorf("%w: too odd", ErrRefused)
		}
		return nil
	}}
	for range 2 {
		result, err := do(t, directory, d)
		require.NoError(t, err)
		assert.Equal(t, []Kept{{File: "A.ndjson", Line: 2, Reason: "refused: too odd"}}, result.Kept)
	}
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	d.answer = nil
	_, err = do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, []string{"a1", "a3", "poison"}, d.taken)
}

// Lines that are no letters stay; a line that is not whole is left for when it is.
func TestTornLines(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "A.ndjson")
	whole := letter("a3")
	require.NoError(t, os.WriteFile(path, []byte(letter("a1")+"{\"resourceLogs\n{}\n"+whole[:20]), 0o600))
	d := &destination{}
	result, err := do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, []string{"a1"}, d.taken)
	assert.Len(t, result.Kept, 2)
	assert.Equal(t, []string{"A.ndjson, line 4"}, result.Unfinished)

	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(whole[20:] + letter("a4"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	_, err = do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, []string{"a1", "a3", "a4"}, d.taken)
}

// A journal whose last line a crash has cut gives that letter again, and is whole afterwards.
func TestTornJournal(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "A.ndjson")
	write(t, path, "a1", "a2")
	d := &destination{}
	_, err := do(t, directory, d)
	require.NoError(t, err)
	text, err := os.ReadFile(path + journalSuffix)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+journalSuffix, text[:len(text)-5], 0o600))
	for range 2 {
		_, err = do(t, directory, d)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"a1", "a2", "a2"}, d.taken)
}

// A file that begins anew under the same name has letters of its own: the old journal passes none of them over.
func TestFileThatBeganAnew(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "A.ndjson")
	write(t, path, "a1")
	d := &destination{}
	_, err := do(t, directory, d)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	write(t, path, "b1")
	_, err = do(t, directory, d)
	require.NoError(t, err)
	assert.Equal(t, []string{"a1", "b1"}, d.taken)
}

// A letter counts as sent once its mark is on disk, before the next one is sent.
func TestMarksAreOnDisk(t *testing.T) {
	directory, synced := t.TempDir(), 0
	write(t, filepath.Join(directory, "A.ndjson"), "a1", "a2", "a3")
	d := &destination{}
	d.answer = func(string) error {
		assert.Equal(t, len(d.taken), synced)
		return nil
	}
	r := Run{Directory: directory, Sender: d, sync: func(*os.File) error {
		synced++
		return nil
	}}
	_, err := r.Do(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, synced)
}

// A second run of a directory does not begin.
func TestConcurrentRun(t *testing.T) {
	directory := t.TempDir()
	write(t, filepath.Join(directory, "A.ndjson"), "a1")
	lock := flock.New(filepath.Join(directory, lockName))
	held, err := lock.TryLock()
	require.NoError(t, err)
	require.True(t, held)
	d := &destination{}
	_, err = do(t, directory, d)
	require.ErrorContains(t, err, "another run")
	assert.Empty(t, d.taken)
	require.NoError(t, lock.Unlock())
	_, err = do(t, directory, d)
	require.NoError(t, err)
	assert.Len(t, d.taken, 1)
}

// Ten thousand letters, ended in the middle, while the collector writes on: each is sent once.
func TestManyLetters(t *testing.T) {
	directory := t.TempDir()
	path, names := filepath.Join(directory, "A.ndjson"), make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprint("letter ", i)
	}
	write(t, path, names[:9_000]...)
	ctx, cancel := context.WithCancel(t.Context())
	d := &destination{}
	d.answer = func(string) error {
		if len(d.taken) == 4_321 {
			write(t, path, names[9_000:]...)
			cancel()
			return errors.Join(errLater, ctx.Err())
		}
		return nil
	}
	notToDisk := func(*os.File) error { return nil } // which takes milliseconds a letter
	_, err := (&Run{Directory: directory, Sender: d, sync: notToDisk}).Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	d.answer = nil
	result, err := (&Run{Directory: directory, Sender: d, sync: notToDisk}).Do(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 4_321, result.Earlier)
	assert.Equal(t, names, d.taken)
}

// grpcReceiver answers as a test says.
type grpcReceiver struct {
	plogotlp.UnimplementedGRPCServer

	answer func(name string) (rejected int64, err error)
}

func (g *grpcReceiver) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	response := plogotlp.NewExportResponse()
	rejected, err := g.answer(nameOf(request.Logs()))
	response.PartialSuccess().SetRejectedLogRecords(rejected)
	return response, err
}

func TestGRPC(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	plogotlp.RegisterGRPCServer(server, &grpcReceiver{answer: func(name string) (int64, error) {
		switch name {
		case "rejected":
			return 1, nil
		case "invalid":
			return 0, status.Error(codes.InvalidArgument, "no")
		case "busy":
			return 0, status.Error(codes.Unavailable, "no")
		case "login":
			return 0, status.Error(codes.Unauthenticated, "no")
		}
		return 0, nil
	}})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	sends(t, "grpc://"+listener.Addr().String())
}

func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/logs", r.URL.Path)
		body, _ := io.ReadAll(r.Body)
		request, response := plogotlp.NewExportRequest(), plogotlp.NewExportResponse()
		if assert.NoError(t, request.UnmarshalProto(body)) {
			switch nameOf(request.Logs()) {
			case "rejected":
				response.PartialSuccess().SetRejectedLogRecords(1)
			case "invalid":
				w.WriteHeader(http.StatusBadRequest)
				return
			case "busy":
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			case "login":
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		}
		answer, _ := response.MarshalProto()
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	sends(t, server.URL)
}

// sends tries each kind of answer.
func sends(t *testing.T, endpoint string) {
	t.Helper()
	sender, err := NewSender(endpoint, map[string]string{"x-key": "v"}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sender.Close()) })
	for name, want := range map[string]error{"fine": nil, "rejected": ErrRefused, "invalid": ErrRefused, "busy": errLater, "login": ErrStop} {
		logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs([]byte(strings.TrimSpace(letter(name))))
		require.NoError(t, err)
		err = sender.Send(t.Context(), logs)
		assert.ErrorIs(t, err, want, name)
	}
}

// A page in the place of an answer is no acknowledgement.
func TestAnswerOfAnother(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in</html>") }))
	t.Cleanup(server.Close)
	sender, err := NewSender(server.URL, nil, nil)
	require.NoError(t, err)
	logs := plog.NewLogs()
	require.ErrorIs(t, sender.Send(t.Context(), logs), ErrStop)
	require.NoError(t, sender.Close())
}

func TestEndpointsThatAreNone(t *testing.T) {
	for _, endpoint := range []string{"", "127.0.0.1:4317", "ftp://x", "http://user:secret@x"} {
		_, err := NewSender(endpoint, nil, nil)
		require.Error(t, err, endpoint)
		assert.NotContains(t, err.Error(), "secret")
	}
}
