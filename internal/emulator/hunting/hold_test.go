package hunting

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

func TestHoldAfter(t *testing.T) {
	// Rows of directories and of counts are no rows of events.
	returned := func() judge.Report {
		return judge.Report{Tables: []judge.TableReport{
			{Table: "DeviceInfo", RowsReturned: 100},
			{Table: "AlertEvidence+AlertInfo", RowsReturned: 3},
			{Table: "DeviceEvents", RowsReturned: 10, RowsOfCounts: 8},
		}}
	}
	synctest.Test(t, func(t *testing.T) {
		s := &Service{}
		s.hold.wait(t.Context(), returned)()
		s.HoldAfter(6)
		s.hold.wait(t.Context(), returned)()

		// One is answered at a time: the others do not know yet what it returns.
		leave := s.hold.wait(t.Context(), returned)
		second := false
		go func() {
			s.hold.wait(t.Context(), returned)()
			second = true
		}()
		synctest.Wait()
		assert.False(t, second)
		leave()
		synctest.Wait()
		assert.True(t, second)

		release := s.HoldAfter(5)
		gone, goAway := context.WithCancel(t.Context())
		ended := map[string]bool{}
		go func() { s.hold.wait(gone, returned)(); ended["gone"] = true }()
		go func() { s.hold.wait(t.Context(), returned)(); ended["patient"] = true }()
		synctest.Wait()
		assert.Empty(t, ended)
		goAway()
		synctest.Wait()
		assert.Equal(t, map[string]bool{"gone": true}, ended)
		release()
		synctest.Wait()
		assert.Equal(t, map[string]bool{"gone": true, "patient": true}, ended)
		s.hold.wait(t.Context(), returned)()
		release()
	})
}
