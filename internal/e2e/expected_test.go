package e2e

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

// expected is what must come out of the tenant of delivery tests, by event id.
type expected struct {
	events map[string]totalEvent
	rows   map[string]rawRow
}

// known keeps the expected events: emulators that start alike have the same rows.
var known struct {
	once     sync.Once
	expected expected
}

// deliveryTenant is the company of the tests in which it is the far side that fails.
func deliveryTenant() *tenant.Config { return company(20*time.Minute, 300_000) }

// newDeliveryStage starts an emulator whose clock stands still, and returns what must be delivered of it. That was
// found out by a collector that writes to files and met no trouble, whose rows were compared with the emulator's truth,
// and whose events with the rows.
func newDeliveryStage(t *testing.T) (*stage, expected) {
	t.Helper()
	known.once.Do(func() { known.expected = readUndisturbed(t) })
	require.NotEmpty(t, known.expected.events)
	clock := defendersim.NewClock(epoch)
	return newStage(t, defendersim.Options{Now: clock.Now, Tenant: deliveryTenant()}), known.expected
}

func readUndisturbed(t *testing.T) expected {
	t.Helper()
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: deliveryTenant()})
	want := s.truth(s.settled())
	c := s.start(run{})
	require.Eventually(t, s.have(want), wait, longTick, "all rows should come")
	c.stop()
	rows, broken := readRaw(t, s.raw)
	require.Zero(t, broken)
	rows = eventRows(rows)
	s.complete(rows, want)
	require.Empty(t, repeated(rows))
	events, broken := readTotal(t, s.totalFile())
	require.Zero(t, broken)
	s.attributed(rows, events)
	require.False(t, t.Failed(), "what the undisturbed collector delivered is what is expected of others")
	e := expected{events: map[string]totalEvent{}, rows: map[string]rawRow{}}
	for _, event := range events {
		e.events[event.ID] = event
	}
	for _, r := range rows {
		e.rows[r.uid] = r
	}
	return e
}

// delivered checks what came: all that is expected, nothing else, and the same again where an event came again. It
// returns how many events came more than once.
func (e expected) delivered(t *testing.T, events []totalEvent) (again int) {
	t.Helper()
	n, different := map[string]int{}, map[string]string{}
	for _, event := range events {
		if n[event.ID]++; n[event.ID] == 2 {
			again++
		}
		if want, ok := e.events[event.ID]; ok && !sameEvent(t, want.line, event.line) {
			different[event.ID] = event.line
		}
	}
	assert.Empty(t, absent(e.events, n), "events are missing, of %d", len(e.events))
	assert.Empty(t, absent(n, e.events), "events came that nobody expects")
	assert.Empty(t, different, "events came with another content")
	return again
}

// missing are ids of expected events that are not among events, a few of them.
func (e expected) missing(events []totalEvent) []string {
	n := map[string]int{}
	for _, event := range events {
		n[event.ID]++
	}
	return absent(e.events, n)
}

// absent are keys of a that b lacks, a few of them.
func absent[A, B any](a map[string]A, b map[string]B) []string {
	var ids []string
	for id := range maps.Keys(a) {
		if _, ok := b[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), 10)]
}

// sameEvent compares two events of one row. Whether it was late depends on what came before, and so does the name of
// an account that only rows of its device explain: until one has come, it stands for itself.
func sameEvent(t *testing.T, a, b string) bool {
	t.Helper()
	if sameJSON(t, a, b) {
		return true
	}
	var events [2]map[string]any
	for i, text := range []string{a, b} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&events[i]), "%s", text)
		metadata := events[i]["raw_metadata"].(map[string]any)
		delete(metadata, "late")
		if metadata["attributed_by"] == "device_account" {
			delete(metadata, "attributed_by")
		}
	}
	payloads := [2]map[string]any{events[0]["payload"].(map[string]any), events[1]["payload"].(map[string]any)}
	if unexplained(payloads[0]) || unexplained(payloads[1]) {
		for i := range events {
			delete(events[i], "tuid")
			delete(payloads[i], "user")
		}
	}
	return reflect.DeepEqual(events[0], events[1])
}

// unexplained reports whether the user of an event is called by an account of the device's own, or of Entra ID's
// shared domain.
func unexplained(payload map[string]any) bool {
	user, _ := payload["user"].(string)
	domain, _, ok := strings.Cut(strings.ToLower(user), `\`)
	device, _ := payload["device"].(string)
	host, _, _ := strings.Cut(strings.ToLower(device), ".")
	return ok && (domain == host || domain == "azuread")
}

// sameJSON compares without regard to the order of keys and to escapes.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	if a == b {
		return true
	}
	return canonical(t, a) == canonical(t, b)
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // 64-bit integers stay exact
	require.NoError(t, decoder.Decode(&value), "%s", text)
	sorted, err := json.Marshal(value)
	require.NoError(t, err)
	return string(sorted)
}
