package defenderstoragereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// only is the one container that is shown.
func (s *stage) only() control.Table {
	s.tb.Helper()
	status := s.shown.receiver.Status()
	require.Len(s.tb, status.Tables, 1)
	require.NotNil(s.tb, status.Tables[0].Blobs)
	return status.Tables[0]
}

// What is shown of a container: what was read, up to when nothing is unread, what was lost, and nothing that is not known.
func TestStatusOfAContainer(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 10)+"no row\r\n"+line(tenantA, table, 3))
		s.write(epoch.Add(-time.Hour), lines(table, 10, 20))
		s.start(nil)
		wait(time.Second)
		c := s.only()
		assert.Equal(t, control.Running, c.State)
		assert.Equal(t, export.Container(table), c.Blobs.Container)
		assert.Equal(t, 21, c.RowsDelivered, "the broken line is handed on as a text")
		assert.Equal(t, []int{2, 1, 1}, []int{c.Blobs.Number, c.Blobs.RowsRepeated, c.Blobs.LinesBroken})
		assert.Zero(t, c.Blobs.BytesUnread)
		require.NotNil(t, c.CompleteUntil)
		assert.Equal(t, epoch, *c.CompleteUntil, "the list that is known to be read")
		assert.InDelta(t, 1, *c.LagSeconds, 0.1)

		// What is not listed any more is not known to be whole, however little was unread before.
		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole, Container: export.Container(table)})
		wait(30 * time.Minute)
		c = s.only()
		assert.Equal(t, control.BackingOff, c.State)
		assert.Equal(t, epoch, *c.CompleteUntil)
		assert.InDelta(t, 1801, *c.LagSeconds, 1)
		s.account.Mend()
		wait(10 * time.Minute)
		c = s.only()
		assert.Equal(t, control.Running, c.State)
		assert.Less(t, *c.LagSeconds, 301.0)

		// A line that the pipeline does not take keeps it back.
		s.sink.Refuse(func(plog.Logs) error { return assert.AnError })
		before := *c.CompleteUntil
		s.write(epoch, line(tenantA, table, 20))
		wait(10 * time.Minute)
		c = s.only()
		assert.Equal(t, control.Refused, c.State)
		assert.Positive(t, c.Blobs.BytesUnread)
		assert.NotNil(t, c.Blobs.UnreadSince)
		assert.WithinDuration(t, before, *c.CompleteUntil, 5*time.Minute)
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
		wait(10 * time.Minute)
		c = s.only()
		assert.EqualValues(t, len(line(tenantA, table, 20)), c.Blobs.BytesLost)
		assert.Equal(t, 1, c.Blobs.Number)
	})
}

// A container that a user has paused is not read, and does not look as if it were.
func TestStatusOfAPausedContainer(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 10))
		s.start(nil)
		wait(time.Second)
		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole})
		wait(10 * time.Minute)
		require.NotEmpty(t, s.shown.receiver.Status().Troubles)
		require.NoError(t, s.shown.receiver.Pause(t.Context(), table))
		wait(time.Second)
		at := s.only()
		assert.Equal(t, control.Paused, at.State)
		assert.Equal(t, control.ReasonUser, at.Reason)
		s.account.Mend()
		wait(time.Hour)
		c := s.only()
		assert.Equal(t, at.LastPoll, c.LastPoll, "it was not read")
		assert.Equal(t, epoch, *c.CompleteUntil)
		assert.Empty(t, s.shown.receiver.Status().Troubles, "a user wants it so")
		require.NoError(t, s.shown.receiver.Resume(t.Context(), table))
		wait(time.Second)
		c = s.only()
		assert.Equal(t, control.Running, c.State)
		assert.Less(t, *c.LagSeconds, 10.0)
	})
}

// An account whose containers are not listed does not look as if there were only none yet.
func TestStatusWithoutContainers(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.start(nil)
		wait(time.Second)
		assert.Equal(t, control.Running, s.shown.receiver.Status().State)
		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole})
		wait(10 * time.Minute)
		status := s.shown.receiver.Status()
		assert.Equal(t, control.BackingOff, status.State)
		assert.Len(t, status.Troubles, 1)
	})
}
