package defenderstoragereceiver

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
)

// dying is a pipeline whose process dies at one of its calls: what comes later reaches nobody.
type dying struct {
	*collector.Sink
	storage *collector.Storage

	mu    sync.Mutex // guards what follows
	left  int        // calls until it dies
	after bool       // the last call is accepted
	found *collector.Storage
}

func (d *dying) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.found != nil {
		return nil
	}
	if d.left--; d.left > 0 {
		return d.Sink.ConsumeLogs(ctx, logs)
	}
	d.found = d.storage.Snapshot()
	if d.after {
		return d.Sink.ConsumeLogs(ctx, logs)
	}
	return nil
}

// Fifty processes die in or behind a call of the pipeline, while rows are written. Nothing is lost, and what comes again
// has the same uid, and is no more than a part of a blob for each container. The report counts each row once.
func TestKilledAtAnyMoment(t *testing.T) {
	const kills, rowsEach = 50, 20
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		random := rand.New(rand.NewPCG(3, 4))
		names := []string{"DeviceEvents", "DeviceInfo", "DeviceFileEvents"}
		written := 0
		write := func() {
			for range rowsEach {
				name := names[random.IntN(len(names))]
				hour := time.Now().Add(-time.Duration(random.IntN(4)) * time.Hour)
				s.account.Append(export.Container(name), blobOf(tenantA, hour), []byte(line(tenantA, name, written)))
				written++
			}
		}
		const maxRead = 2_000 // some 5 rows
		for range kills {
			write()
			d := &dying{Sink: s.sink, storage: s.storage, left: 1 + random.IntN(12), after: random.IntN(2) == 0}
			s.next = d
			stop := s.start(func(c *Config) { c.MaxReadBytes, c.Deduplicate.Window, c.Batch.MaxRecords = maxRead, 0, 3 })
			wait(time.Duration(1+random.IntN(100)) * time.Millisecond)
			stop()
			if d.found != nil {
				s.storage = d.found
			}
		}
		s.next = nil
		s.start(func(c *Config) { c.MaxReadBytes, c.Deduplicate.Window = maxRead, 0 })
		wait(10 * time.Minute)
		checkAll(t, s.sink.Records(), written, kills*len(names)*(maxRead/350+1))
		counted := 0
		for _, e := range s.reportOf(epoch).Containers {
			assert.Equal(t, e.Bytes.Stored, e.Bytes.Read, e.Table)
			counted += e.Rows.Delivered
		}
		assert.Equal(t, written, counted, "each row counts once, however often it was handed on")
	})
}

// checkAll demands that all rows were accepted, those that came again with the same uid.
func checkAll(t *testing.T, records []collector.Record, written, mostRepeats int) {
	t.Helper()
	counts, uids := numbers(records), map[int]string{}
	require.Len(t, counts, written, "rows are lost")
	repeats := 0
	for _, times := range counts {
		repeats += times - 1
	}
	assert.LessOrEqual(t, repeats, mostRepeats)
	for _, r := range records {
		body, _ := r.Log.Body().Map().Get("ReportId")
		n, _ := strconv.Atoi(body.AsString())
		if uids[n] != "" {
			require.Equal(t, uids[n], r.UID)
		}
		uids[n] = r.UID
	}
	t.Logf("%d rows, %d repeats", written, repeats)
}

// The variables of a process that is to be killed, and how many are.
const (
	victimAccount = "STORAGE_VICTIM_ACCOUNT"
	victimFolder  = "STORAGE_VICTIM_FOLDER"
	killsVariable = "STORAGE_KILLS"
)

// In a process that is to be killed a receiver runs in the place of the tests.
func init() {
	if account := os.Getenv(victimAccount); account != "" {
		victim(account, os.Getenv(victimFolder))
		os.Exit(1)
	}
}

// victim reads an account until it is killed. It stores places as a collector does, and notes rows in a file.
func victim(account, folder string) {
	ctx := context.Background()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory, cfg.CreateDirectory = filepath.Join(folder, "cursors"), true
	store, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), cfg)
	if err == nil {
		err = store.Start(ctx, collector.Extensions{})
	}
	out, openErr := os.OpenFile(filepath.Join(folder, "rows"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil || openErr != nil {
		fmt.Println(err, openErr)
		return
	}
	next, _ := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		var text strings.Builder
		for _, r := range collector.Records(logs) {
			id, _ := r.Log.Body().Map().Get("ReportId")
			fmt.Fprintf(&text, "%s %s\n", id.AsString(), r.UID)
		}
		_, err := out.WriteString(text.String())
		time.Sleep(5 * time.Millisecond) // a destination takes its time, so that more processes die within a part
		return err
	})
	own := victimConfig(account)
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // the same for all of them
	r, err := NewFactory().CreateLogs(ctx, set, &own, next)
	if err == nil {
		err = r.Start(ctx, collector.Extensions{storageID: store, wireID: plain{}})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	select {} // until it is killed
}

func victimConfig(account string) Config {
	cfg := *createDefaultConfig().(*Config)
	cfg.AccountURL, cfg.Credentials.TenantID, cfg.StorageID = account, tenantA, &storageID
	cfg.ClientConfig.Auth = authBy(wireID)
	cfg.ListInterval, cfg.TailInterval, cfg.MaxReadBytes = time.Second, 100*time.Millisecond, 4_096
	cfg.Deduplicate.Window = 0
	cfg.RetryOnFailure.InitialInterval = 50 * time.Millisecond
	return cfg
}

// plain is an extension that proves nothing: the account lets everybody read.
type plain struct {
	component.StartFunc
	component.ShutdownFunc
}

func (plain) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) { return base, nil }

// Processes are killed with SIGKILL at random moments while an account is written. STORAGE_KILLS=50 kills more of them.
func TestKilledProcesses(t *testing.T) {
	kills := 5
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	account := blobs.New(blobs.Config{})
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	folder, random := t.TempDir(), rand.New(rand.NewPCG(5, 6))
	names := []string{"DeviceEvents", "DeviceInfo", "DeviceFileEvents", "DeviceNetworkEvents"}
	written := 0
	write := func(n int) {
		for range n {
			name := names[random.IntN(len(names))]
			hour := time.Now().UTC().Add(-time.Duration(random.IntN(3)) * time.Hour)
			account.Append(export.Container(name), blobOf(tenantA, hour), []byte(line(tenantA, name, written)))
			written++
		}
	}
	for range kills {
		write(200)
		victim := startVictim(t, server.URL+"/account", folder)
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		write(100)
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		require.NoError(t, victim.Process.Kill())
		_ = victim.Wait()
	}
	last := startVictim(t, server.URL+"/account", folder)
	require.Eventually(t, func() bool {
		counts, _ := readRows(t, folder)
		return len(counts) >= written
	}, 2*time.Minute, 50*time.Millisecond)
	require.NoError(t, last.Process.Kill())
	_ = last.Wait()
	counts, uids := readRows(t, folder)
	assert.Len(t, counts, written)
	repeats := 0
	for id, times := range counts {
		repeats += times - 1
		assert.Len(t, uids[id], 1, "row %s", id)
	}
	assert.LessOrEqual(t, repeats, kills*len(names)*(4_096/350+1), "at most a part of a blob for each container and kill")
	for _, call := range account.Calls() {
		require.Equal(t, http.MethodGet, call.Method)
	}
	t.Logf("%d kills, %d rows, %d repeats", kills, written, repeats)
}

func startVictim(t *testing.T, account, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), victimAccount+"="+account, victimFolder+"="+folder)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	require.NoError(t, cmd.Start())
	return cmd
}

// readRows are how often each row was noted, and with which uids. The end of a killed process may be a piece of a line.
func readRows(t *testing.T, folder string) (counts map[string]int, uids map[string]map[string]bool) {
	t.Helper()
	counts, uids = map[string]int{}, map[string]map[string]bool{}
	file, err := os.Open(filepath.Join(folder, "rows"))
	if os.IsNotExist(err) {
		return counts, uids
	}
	require.NoError(t, err)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		id, uid, ok := strings.Cut(scanner.Text(), " ")
		if !ok || len(uid) != 36 {
			continue
		}
		counts[id]++
		if uids[id] == nil {
			uids[id] = map[string]bool{}
		}
		uids[id][uid] = true
	}
	return counts, uids
}
