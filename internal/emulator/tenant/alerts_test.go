package tenant

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Both halves of an alert and the account of a person, the later half within the hour.
func TestEveryHourHasAlertsOfPeople(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History = start, 8*24*time.Hour
	tenant := newTenant(t, cfg)
	first := map[string]int64{}
	for r := range walk(t, tableOf(t, tenant, "AlertInfo"), asOf(start)) {
		id := get(r, "AlertId").Text()
		if at, ok := first[id]; !ok || r.ingestion < at {
			first[id] = r.ingestion
		}
	}
	inHour := map[int64]map[string]bool{}
	for r := range walk(t, tableOf(t, tenant, "AlertEvidence"), asOf(start)) {
		id := get(r, "AlertId").Text()
		info, ok := first[id]
		if !ok || get(r, "AccountUpn").Text() == "" {
			continue
		}
		at := max(info, r.ingestion) / hour
		if inHour[at] == nil {
			inHour[at] = map[string]bool{}
		}
		inHour[at][id] = true
	}
	for h := range int64(7 * 24) {
		at := value.Ticks(start)/hour - 1 - h
		assert.Greater(t, len(inHour[at]), 3, "alerts at %s", value.Time(at*hour))
	}
}

func TestAlertsArriveInPiecesAndChange(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start, cfg.History = start, 5*24*time.Hour
	tenant := newTenant(t, cfg)
	info, evidence := map[string][]*row{}, map[string][]*row{}
	for _, r := range scan(t, tableOf(t, tenant, "AlertInfo"), asOf(start)) {
		id := get(r, "AlertId").Text()
		info[id] = append(info[id], r)
	}
	for _, r := range scan(t, tableOf(t, tenant, "AlertEvidence"), asOf(start)) {
		id := get(r, "AlertId").Text()
		evidence[id] = append(evidence[id], r)
	}
	found := map[string]int{}
	for id, rows := range info {
		slices.SortFunc(rows, func(a, b *row) int { return int(a.ingestion - b.ingestion) })
		if len(rows) == 2 {
			changed := get(rows[0], "Title").Text() != get(rows[1], "Title").Text()
			found[fmt.Sprintf("updated, changed %t", changed)]++
		}
		if get(rows[0], "Severity").Text() == "" {
			found["empty severity"]++
		}
		users, without := map[string]bool{}, false
		for _, e := range evidence[id] {
			switch apart := e.ingestion - rows[0].ingestion; {
			case apart > hour || apart < -hour:
				found["hours apart"]++
			case apart > 0:
				found["evidence later"]++
			default:
				found["evidence earlier"]++
			}
			if get(e, "EntityType").Text() == "User" {
				users[get(e, "AccountName").Text()] = true
			} else if get(e, "AccountName").Text() == "" {
				without = true
			}
			assert.True(t, json.Valid([]byte(get(e, "Categories").Text())))
			if fields := get(e, "AdditionalFields").Text(); fields != "" {
				assert.True(t, json.Valid([]byte(fields)), fields)
			}
			found["evidence of "+get(e, "EntityType").Text()]++
		}
		if len(users) == 1 && without {
			found["evidence without account beside one user"]++
		}
		if len(users) > 1 {
			found["two users"]++
		}
	}
	for _, what := range []string{
		"updated, changed true", "updated, changed false", "empty severity", "hours apart", "evidence later", "evidence earlier",
		"evidence without account beside one user", "two users", "evidence of User", "evidence of Machine", "evidence of Process",
		"evidence of File", "evidence of Ip", "evidence of MailMessage",
	} {
		assert.Greater(t, found[what], 5, what)
	}
}

// A reader who has the whole history finds both halves of each alert in it, and all its evidence.
func TestHistoryHasWholeAlerts(t *testing.T) {
	tenant := newTenant(t, testConfig())
	later := asOf(start.Add(12 * time.Hour))
	info, evidence := map[string]int{}, map[string]int{}
	for r := range walk(t, tableOf(t, tenant, "AlertInfo"), later) {
		info[r.alert.id]++
	}
	alerts := map[string]*alert{}
	for r := range walk(t, tableOf(t, tenant, "AlertEvidence"), later) {
		evidence[r.alert.id]++
		alerts[r.alert.id] = r.alert
	}
	for id := range info {
		assert.Contains(t, alerts, id, "an alert without evidence")
	}
	for id, a := range alerts {
		if a.raised > value.Ticks(start) {
			continue
		}
		assert.Len(t, a.kind.evidence, evidence[id])
		assert.Positive(t, info[id], "evidence without an alert")
	}
}
