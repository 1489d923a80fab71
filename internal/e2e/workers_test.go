//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/postgres"
)

const (
	// workersLease is long enough for a busy machine.
	workersLease = 4 * time.Second
	workerCount  = 3
	shardCount   = 6
	// workersPage is page::max_rows of workers.yaml.
	workersPage = 250
)

// workersFor is how long workers are disturbed.
func workersFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("WORKERS_FOR")
	if text == "" {
		return time.Minute
	}
	length, err := time.ParseDuration(text)
	require.NoError(t, err, "WORKERS_FOR")
	return length
}

// logChanges lets the database note each change of leases and entries, whoever makes it.
const logChanges = `
create table change(n bigserial, at timestamptz default clock_timestamp(), id text, key text, value bytea, worker text, epoch bigint);
create function note_entry() returns trigger language plpgsql as $$ begin
  if new.key like 'cursor/%' or new.key like 'quota/%' then
    insert into change(id, key, value) values (new.space, new.key, new.value);
  end if;
  return null; end $$;
create function note_shard() returns trigger language plpgsql as $$ begin
  if new.id like 'receiver/%' and (tg_op = 'INSERT' or new.epoch <> old.epoch) then
    insert into change(id, key, worker, epoch) values (new.id, 'term', new.worker, new.epoch);
  end if;
  return null; end $$;`

// noteChanges begins to note them. Each trigger is made in a transaction of its own: it locks its table.
func (f *fleet) noteChanges() {
	f.t.Helper()
	conn := f.server.Connect()
	for _, statement := range []string{
		logChanges,
		`create trigger note after insert or update on otelcol_defender.entry for each row execute function note_entry()`,
		`create trigger note after insert or update on otelcol_defender.shard for each row execute function note_shard()`,
	} {
		_, err := conn.Exec(f.t.Context(), statement)
		require.NoError(f.t, err)
	}
}

// fleet is three workers that share six receivers, each with an emulator of its own.
type fleet struct {
	t       *testing.T
	server  *postgres.Server
	stages  []*stage
	workers []*worker
	files   int
	random  *rand.Rand
}

// worker is a process, or the place of one that was killed.
type worker struct {
	name    string
	network *tcpProxy
	process *collector
}

func newFleet(t *testing.T, now func() time.Time) *fleet {
	t.Helper()
	f := &fleet{t: t, server: postgres.Start(t), random: newRandom(t)}
	for i := range shardCount {
		cfg := company(2*time.Minute, 60_000)
		cfg.Seed = uint64(i + 1)
		f.stages = append(f.stages, newStage(t, defendersim.Options{
			Now: now, Tenant: cfg, TenantID: fmt.Sprintf("%d1111111-2222-4333-8444-555555555555", i+1), Seed: uint64(i + 1),
		}))
	}
	for i := range workerCount {
		f.workers = append(f.workers, &worker{name: fmt.Sprintf("worker-%d", i+1), network: newTCPProxy(t, f.server.Address())})
	}
	return f
}

// start starts a worker's process, which writes to files of its own.
func (f *fleet) start(w *worker) {
	f.t.Helper()
	f.files++
	first := f.stages[0]
	variables := []string{
		"E2E_DSN=" + f.server.DSN(w.network.address()), "E2E_WORKER=" + w.name, "E2E_LEASE=" + workersLease.String(),
		fmt.Sprintf("E2E_RAW_FILE=%s/raw-%03d.jsonl", first.directory, f.files),
		fmt.Sprintf("E2E_TOTAL_FILE=%s/total-%03d.ndjson", first.directory, f.files),
		"E2E_CA_FILE=" + f.authorities(),
	}
	for i, s := range f.stages {
		variables = append(variables, fmt.Sprintf("E2E_ENDPOINT_%d=%s", i+1, s.sim.URL()), fmt.Sprintf("E2E_TENANT_%d=%s", i+1, s.sim.TenantID))
	}
	w.process = first.start(run{configs: []string{"workers.yaml"}, variables: variables})
}

// authorities is a file with the certificates of all emulators.
func (f *fleet) authorities() string {
	f.t.Helper()
	var all []byte
	for _, s := range f.stages {
		all = append(all, s.sim.CAPEM()...)
	}
	path := filepath.Join(f.stages[0].directory, "ca.pem")
	require.NoError(f.t, os.WriteFile(path, all, 0o600))
	return path
}

// rows are those that all processes have delivered, by tenant.
func (f *fleet) rows() map[string][]rawRow {
	f.t.Helper()
	rows := map[string][]rawRow{}
	for i := range f.files {
		found, _ := readRaw(f.t, fmt.Sprintf("%s/raw-%03d.jsonl", f.stages[0].directory, i+1))
		for _, row := range eventRows(found) {
			rows[row.tenant] = append(rows[row.tenant], row)
		}
	}
	return rows
}

// settled waits until all workers together hold all leases and each has some.
func (f *fleet) settled() {
	f.t.Helper()
	conn := f.server.Connect()
	defer func() { _ = conn.Close(f.t.Context()) }()
	require.Eventually(f.t, func() bool {
		held := f.holders(conn)
		workers := map[string]int{}
		for _, name := range held {
			workers[name]++
		}
		return len(held) == shardCount && len(workers) == workerCount
	}, wait, longTick, "each worker should hold some of the leases")
}

// holders are the workers that hold the leases now.
func (f *fleet) holders(conn *pgx.Conn) map[string]string {
	rows, err := conn.Query(f.t.Context(), `select id, worker from otelcol_defender.shard where id like 'receiver/%' and until > clock_timestamp()`)
	if err != nil {
		return nil // there are no tables yet
	}
	held := map[string]string{}
	var id, name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		held[id] = name
		return nil
	})
	if err != nil {
		return nil
	}
	return held
}

// disturbance disturbs a worker, or all, and mends it.
type disturbance struct {
	name string
	do   func(f *fleet, w *worker)
	// alone says that the worker alone is disturbed, so its leases must go to others.
	alone bool
}

var disturbances = []disturbance{
	{"SIGKILL", func(f *fleet, w *worker) {
		w.process.kill()
		time.Sleep(2 * workersLease)
		f.start(w)
	}, true},
	{"SIGSTOP and SIGCONT", func(f *fleet, w *worker) {
		require.NoError(f.t, w.process.command.Process.Signal(syscall.SIGSTOP))
		time.Sleep(2 * workersLease)
		require.NoError(f.t, w.process.command.Process.Signal(syscall.SIGCONT))
	}, true},
	{"a cut network", func(_ *fleet, w *worker) {
		w.network.set(true)
		time.Sleep(2 * workersLease)
		w.network.set(false)
	}, true},
	{"the database crashes", func(f *fleet, _ *worker) {
		f.server.Stop("immediate")
		time.Sleep(time.Duration(f.random.Int64N(int64(2 * workersLease))))
		f.server.Begin()
		// The workers begin their sessions again. A process that is stopped before that says, with its exit status, that what
		// its processor remembers is not stored.
		time.Sleep(workersLease)
	}, false},
	{"SIGTERM", func(f *fleet, w *worker) {
		w.process.stop()
		time.Sleep(workersLease)
		f.start(w)
	}, true},
}

// disturb does a fault, and demands that others have taken over within two leases.
func (f *fleet) disturb(fault disturbance, w *worker) {
	f.t.Helper()
	conn := f.server.Connect()
	before := f.holders(conn)
	epochs := f.epochs(conn)
	began := f.clock(conn)
	_ = conn.Close(f.t.Context())
	fault.do(f, w)
	if !fault.alone {
		f.settled()
		return
	}
	conn = f.server.Connect()
	defer func() { _ = conn.Close(f.t.Context()) }()
	for shard, name := range before {
		if name != w.name {
			continue
		}
		var at time.Time
		var by string
		err := conn.QueryRow(f.t.Context(), `select at, worker from change where key = 'term' and id = $1 and epoch > $2 order by n limit 1`, shard, epochs[shard]).
			Scan(&at, &by)
		if assert.NoError(f.t, err, "%s: nobody took the lease of %s from %s", fault.name, shard, w.name) {
			f.t.Logf("%s of %s: %s goes to %s after %s", fault.name, w.name, shard, by, at.Sub(began).Round(time.Millisecond))
			assert.Less(f.t, at.Sub(began), 2*workersLease, "%s: %s goes from %s to %s", fault.name, shard, w.name, by)
		}
	}
	f.settled()
}

func (f *fleet) clock(conn *pgx.Conn) (now time.Time) {
	require.NoError(f.t, conn.QueryRow(f.t.Context(), `select clock_timestamp()`).Scan(&now))
	return now
}

func (f *fleet) epochs(conn *pgx.Conn) map[string]int64 {
	rows, err := conn.Query(f.t.Context(), `select id, epoch from otelcol_defender.shard where id like 'receiver/%'`)
	require.NoError(f.t, err)
	epochs := map[string]int64{}
	var id string
	var epoch int64
	_, err = pgx.ForEachRow(rows, []any{&id, &epoch}, func() error {
		epochs[id] = epoch
		return nil
	})
	require.NoError(f.t, err)
	return epochs
}

// Three workers share six receivers, and are killed, frozen and cut off at random: nothing is lost, little comes again,
// no cursor and no count of the quota goes back, and others take over within two leases.
func TestPostgresWorkersTakeOver(t *testing.T) {
	program(t)
	clock := newFastClock()
	f := newFleet(t, clock.now)
	f.start(f.workers[0])
	f.eventually(func() bool { return len(f.holders(f.server.Connect())) > 0 }, "the first worker should make the tables")
	f.noteChanges()
	f.start(f.workers[1])
	f.start(f.workers[2])
	f.settled()

	order := f.random.Perm(len(disturbances))
	for began, n := time.Now(), 0; time.Since(began) < workersFor(t); n++ {
		if n%len(order) == 0 {
			order = f.random.Perm(len(disturbances))
		}
		w := f.workers[f.random.IntN(len(f.workers))]
		fault := disturbances[order[n%len(order)]]
		t.Logf("%s: %s, %s", time.Since(began).Round(time.Second), fault.name, w.name)
		f.disturb(fault, w)
		time.Sleep(time.Duration(f.random.Int64N(int64(workersLease))))
	}

	clock.stop()
	wants := make([]rowSet, len(f.stages))
	for i, s := range f.stages {
		wants[i] = s.truth(s.settled())
	}
	assert.Eventually(t, func() bool {
		rows := f.rows()
		return !slices.ContainsFunc(f.stages, func(s *stage) bool {
			return len(lacking(wants[slices.Index(f.stages, s)], s.keys(rows[s.sim.TenantID]))) > 0
		})
	}, 2*wait, time.Second, "all rows should come")
	for _, w := range f.workers {
		w.process.stop()
	}
	f.judge(wants)
}

func (f *fleet) eventually(done func() bool, what string) {
	f.t.Helper()
	require.Eventually(f.t, done, wait, longTick, what)
}

// judge holds what was delivered and stored against what should have been.
func (f *fleet) judge(wants []rowSet) {
	f.t.Helper()
	conn := f.server.Connect()
	epochs, rows := f.epochs(conn), f.rows()
	total, repeats, terms := 0, 0, int64(0)
	for i, s := range f.stages {
		own := rows[s.sim.TenantID]
		total += len(own)
		s.complete(own, wants[i])
		again := map[string]int{}
		seen := map[string]string{}
		for _, row := range own {
			if key, was := seen[row.uid]; was {
				again[row.table]++
				assert.Equal(f.t, key, s.key(row), "one id is of one row")
				repeats++
			}
			seen[row.uid] = s.key(row)
		}
		// An alert that has changed is another record of the same evidence.
		own = slices.DeleteFunc(own, func(r rawRow) bool { return r.table == "Alerts" })
		assert.Len(f.t, s.keys(own), len(times(own)), "what came again has the same id")
		epoch := epochs[fmt.Sprintf("receiver/defender/%d", i+1)]
		for table, n := range again {
			assert.LessOrEqual(f.t, int64(n), workersPage*(epoch-1), "%s of %s came again in %d terms", table, s.sim.TenantID, epoch)
		}
		terms += epoch
	}
	f.t.Logf("%d rows, %d of them again, %d terms", total, repeats, terms)
	f.neverBack(conn)
}

// neverBack demands that no stored cursor and no count of requests was ever less than the one before.
func (f *fleet) neverBack(conn *pgx.Conn) {
	f.t.Helper()
	rows, err := conn.Query(f.t.Context(), `select n, key, value from change where value is not null order by n`)
	require.NoError(f.t, err)
	cursors, requests, writes := map[string]time.Time{}, map[string]int64{}, 0
	var n int64
	var key string
	var value []byte
	_, err = pgx.ForEachRow(rows, []any{&n, &key, &value}, func() error {
		writes++
		if strings.HasPrefix(key, "quota/") {
			spent := requestsIn(f.t, value)
			assert.GreaterOrEqual(f.t, spent, requests[key], "the count of %s goes back in change %d", key, n)
			requests[key] = spent
			return nil
		}
		p := newProgress()
		require.NoError(f.t, p.add(key, value))
		for _, until := range p.completeUntil {
			assert.False(f.t, until.Before(cursors[key]), "%s goes back from %s to %s in change %d", key, cursors[key], until, n)
			cursors[key] = until
		}
		return nil
	})
	require.NoError(f.t, err)
	require.NotEmpty(f.t, requests)
	f.t.Logf("%d cursors, %d changes of cursors and quotas", len(cursors), writes)
	for i, s := range f.stages {
		asked := int64(0)
		for _, table := range s.sim.Report().Tables {
			asked += table.Queries
		}
		counted := requests["quota/v1/"+s.sim.TenantID+"/"+s.sim.ClientID]
		f.t.Logf("defender/%d sent %d queries, and %s are counted", i+1, asked, strconv.FormatInt(counted, 10))
		assert.GreaterOrEqual(f.t, counted, asked, "all queries of defender/%d are counted", i+1)
	}
}

// requestsIn are those that a stored quota counts as spent.
func requestsIn(t *testing.T, value []byte) (requests int64) {
	t.Helper()
	var quota struct {
		Spent [][5]int64 `json:"spent"`
	}
	require.NoError(t, json.Unmarshal(value, &quota))
	for _, spent := range quota.Spent {
		requests += spent[1]
	}
	return requests
}
