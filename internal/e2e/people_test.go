package e2e

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// verdict is the test's own opinion of a row.
type verdict uint8

const (
	unclear verdict = iota // this test does not know
	persons                // somebody's account acted
	nobodys                // only accounts that Windows itself made
)

// judge looks at SIDs alone, far coarser than the processor: an account that a directory or a device gave out and
// whose name is not a computer's is a person's. Rows with anything else on them it leaves alone.
func judge(r rawRow) verdict {
	table, ok := tables.ByName(r.table)
	if !ok || table.Kind != tables.Events || strings.HasPrefix(r.text("ActionType"), "Inbound") ||
		strings.Contains(r.text("AdditionalFields"), "LoggedOnUsers") {
		return unclear
	}
	about := slices.ContainsFunc(table.AccountActions, func(beginning string) bool { return strings.HasPrefix(r.text("ActionType"), beginning) })
	system := false
	for _, account := range table.Accounts {
		if account.RemoteOnly || about && !account.Initiating {
			continue // it did not act, or may not have
		}
		sid, name := r.text(account.SID), r.text(account.Name)
		switch {
		case strings.HasPrefix(sid, "S-1-5-21-") || strings.HasPrefix(sid, "S-1-12-1-"):
			if strings.HasSuffix(name, "$") || strings.HasPrefix(name, "svc") || name == "" {
				return unclear
			}
			return persons
		case sid == "S-1-5-18" && name != "root", sid == "S-1-5-19", sid == "S-1-5-20":
			system = true
		case sid != "" || name != "":
			return unclear
		}
	}
	if protocol := r.text("RequestProtocol"); system && (protocol == "" || protocol == "Local") {
		return nobodys
	}
	return unclear
}

// attributed compares the events with the rows that they were made of: each has its row, a person's row has its
// event, and a row that nobody did has none.
func (s *stage) attributed(rows []rawRow, events []totalEvent) {
	s.t.Helper()
	uids, ids := times(rows), map[string]bool{}
	for _, event := range events {
		ids[event.ID] = true
		assert.Positive(s.t, uids[event.ID], "the event %s has no row", event.ID)
		assert.NotEmpty(s.t, event.Payload.User)
		assert.NotEmpty(s.t, event.TUID)
		assert.Equal(s.t, "e2e-domain", event.DomainID)
	}
	judged := map[verdict]int{}
	var wrong []string
	for _, r := range rows {
		v := judge(r)
		judged[v]++
		if v != unclear && ids[r.uid] != (v == persons) {
			wrong = append(wrong, s.key(r))
		}
	}
	assert.Empty(s.t, wrong[:min(len(wrong), 10)], "%d rows of persons without, or of nobody with an event", len(wrong))
	s.t.Logf("rows of persons: %d, of nobody: %d, not judged: %d; events: %d", judged[persons], judged[nobodys], judged[unclear], len(events))
	assert.Greater(s.t, 2*(judged[persons]+judged[nobodys]), len(rows), "most rows are judged")
}
