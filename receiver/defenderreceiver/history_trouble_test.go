package defenderreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// monthOfHistory is a history of 30 days with a row each twelve hours, whose lane is polled by hand.
func monthOfHistory(t *testing.T) (*stage, *lane, *editing) {
	t.Helper()
	s := newStage(t, defendersim.Options{})
	for i := range 60 {
		at := epoch.Add(-90*time.Minute - time.Duration(i)*12*time.Hour)
		if at.Before(epoch.Add(-29 * 24 * time.Hour)) {
			break
		}
		s.at(i, at, at, time.Time{})
	}
	cfg := s.historyConfig()
	cfg.Backfill.Window = 30 * 24 * time.Hour
	backOff := createDefaultConfig().(*Config).RetryOnFailure
	cfg.RetryOnFailure = backOff
	live, past, service := s.manual(cfg)
	require.NoError(t, live.poll(t.Context()))
	s.Clock.Advance(time.Minute)
	require.NoError(t, live.probe(t.Context()))
	clear(service.asked)
	return s, past, service
}

// readIn polls until history is read, waiting on the stage's clock as failures demand, and returns the number of
// queries and of failed polls.
func (s *stage) readIn(past *lane, service *editing, most int) (queries, failed int) {
	s.t.Helper()
	for !past.health.View().History.Done {
		_, err := past.source.Poll(s.t.Context())
		if err == nil {
			past.loop.Succeed(0)
		} else {
			failed++
			v, _ := past.loop.Judge(s.t.Context(), err)
			assert.Equal(s.t, failure.None, v.Pause, "a lane that comes further is not paused")
			s.Clock.Advance(v.Wait)
		}
		queries = service.asked[ofCount] + service.asked[ofRead]
		require.Less(s.t, queries, most, "%v", service.asked)
	}
	return queries, failed
}

// What a gateway says in two bad seconds costs a history of 30 days no more than the queries that failed.
func TestBurstOfTimeoutsCostsHistoryLittle(t *testing.T) {
	s, past, service := monthOfHistory(t)
	sound, _ := s.readIn(past, service, 200)
	rows := s.Sink.Count()

	for name, c := range map[string]struct {
		err  *hunting.Error
		most int
	}{
		"504": {&hunting.Error{Kind: hunting.Transient, Status: 504, MaybeSize: true}, sound + 8},
		// The service's own word is believed: half of what it refused is counted at once.
		"400": {&hunting.Error{Kind: hunting.TooHeavy, Status: 400}, 5 * sound / 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, past, service := monthOfHistory(t)
			began := time.Time{}
			service.edit = func(kql string) (string, error) {
				if !strings.Contains(kql, ofCount) || service.asked[ofCount] < 5 {
					return kql, nil
				}
				if began.IsZero() {
					began = s.Clock.Now()
				}
				if s.Clock.Now().Before(began.Add(2 * time.Second)) {
					return "", c.err
				}
				return kql, nil
			}
			queries, _ := s.readIn(past, service, 200)
			t.Logf("%d queries, %d of a sound service", queries, sound)
			assert.LessOrEqual(t, queries, c.most)
			s.Exactly(rows)
		})
	}
}

// And a gateway that fails for minutes no more than a few narrow counts.
func TestOutageOfCountsCostsHistoryLittle(t *testing.T) {
	s, past, service := monthOfHistory(t)
	failed := 0
	service.edit = func(kql string) (string, error) {
		if strings.Contains(kql, ofCount) && service.asked[ofCount] > 5 && failed < 41 {
			failed++
			return "", &hunting.Error{Kind: hunting.Transient, Status: 504, MaybeSize: true}
		}
		return kql, nil
	}
	past.loop.PauseAfter = 0
	queries, _ := s.readIn(past, service, 400)
	assert.LessOrEqual(t, queries, 70+failed+20)
	s.Exactly(58)
}

// Counts that truly are too large for a gateway that does not say so are found out, and made smaller.
func TestGatewayThatCannotCountADay(t *testing.T) {
	s, past, service := monthOfHistory(t)
	service.edit = func(kql string) (string, error) {
		if counted(kql) > 7*time.Hour {
			return "", &hunting.Error{Kind: hunting.Transient, Status: 504, MaybeSize: true}
		}
		return kql, nil
	}
	queries, failed := s.readIn(past, service, 1000)
	assert.LessOrEqual(t, failed, 20)
	assert.LessOrEqual(t, queries, 400, "60 days in counts of six hours, and 30 reads")
	s.Exactly(58)
}

// narrowedHistory is a history that has learned to count six hours no more at once, each size of count having been
// refused after one of it was answered, of a service that refuses none from then on.
func narrowedHistory(t *testing.T) (*stage, *lane, *editing) {
	t.Helper()
	s, past, service := monthOfHistory(t)
	answered, refused := map[time.Duration]bool{24 * time.Hour: true}, []time.Duration{}
	service.edit = func(kql string) (string, error) {
		extent := counted(kql)
		if answered[extent] && extent > 3*time.Hour {
			refused = append(refused, extent)
			return "", &hunting.Error{Kind: hunting.TooHeavy, Status: 400}
		}
		answered[extent] = true
		return kql, nil
	}
	for len(refused) == 0 || refused[len(refused)-1] > 6*time.Hour {
		_, err := past.source.Poll(t.Context())
		if err != nil {
			past.loop.Judge(t.Context(), err)
		}
		require.Less(t, service.asked[ofCount], 100, "%v", refused)
	}
	t.Logf("refused: %v", refused)
	service.edit = nil
	clear(service.asked)
	return s, past, service
}

// With a third of all requests failing, what was counted and read of a day is kept: each failure costs one query.
func TestHistoryKeepsWhatItCounted(t *testing.T) {
	s, past, service := narrowedHistory(t)
	sound := 0
	{
		s, past, service := narrowedHistory(t)
		sound, _ = s.readIn(past, service, 3000)
	}
	past.loop.PauseAfter = 2
	loop := past.loop
	loop.Backoff.InitialInterval, loop.Backoff.MaxInterval = time.Second, time.Second
	sent := 0
	service.edit = func(kql string) (string, error) {
		if sent++; sent%3 == 0 { // two in three are answered
			return "", errUnavailable
		}
		return kql, nil
	}
	queries, failed := s.readIn(past, service, 5000)
	t.Logf("%d queries, %d of them failed; a sound service: %d", queries, failed, sound)
	assert.LessOrEqual(t, queries, sound+failed)
	s.Exactly(58)
}
