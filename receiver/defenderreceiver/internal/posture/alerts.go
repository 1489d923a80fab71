package posture

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Alert is a version of an alert, as far as it belongs to controls.
type Alert struct {
	ID         string
	Created    time.Time
	Updated    time.Time
	Severity   string
	Techniques []string
}

// AlertOf reads an alert of Graph's security API.
func AlertOf(body pcommon.Map) Alert {
	a := Alert{ID: text(body, "id"), Created: instant(body, "createdDateTime"), Updated: instant(body, "lastUpdateDateTime"), Severity: text(body, "severity")}
	if list, ok := body.Get("mitreTechniques"); ok && list.Type() == pcommon.ValueTypeSlice {
		for _, technique := range list.Slice().All() {
			a.Techniques = append(a.Techniques, strings.Clone(technique.AsString()))
		}
	}
	return a
}

// kept is what is kept of the newest version of an alert.
type kept struct {
	Created    time.Time `json:"c"`
	Updated    time.Time `json:"u"`
	Severity   string    `json:"s,omitempty"`
	Techniques []string  `json:"t,omitempty"`
}

// alerts are those of a period, each once, by the day on which they were created, in UTC.
type alerts struct {
	days    map[string]map[string]kept
	changed map[string]bool // days that differ from what is stored
}

func newAlerts() alerts {
	return alerts{days: map[string]map[string]kept{}, changed: map[string]bool{}}
}

// accept takes a version of an alert, unless a newer one is known.
func (a *alerts) accept(alert Alert) {
	if alert.ID == "" || alert.Created.IsZero() {
		return
	}
	sum := sha256.Sum256([]byte(alert.ID)) // ids are of any length
	key, of := hex.EncodeToString(sum[:16]), alert.Created.UTC().Format(time.DateOnly)
	if known, ok := a.days[of][key]; ok && alert.Updated.Before(known.Updated) {
		return
	}
	if a.days[of] == nil {
		a.days[of] = map[string]kept{}
	}
	a.days[of][key] = kept{alert.Created, alert.Updated, alert.Severity, alert.Techniques}
	a.changed[of] = true
}

// forget drops days before one.
func (a *alerts) forget(before string) {
	for of := range a.days {
		if of < before {
			delete(a.days, of)
			a.changed[of] = true
		}
	}
}

// within are the alerts that were created from one time on and before another one.
func (a *alerts) within(from, to time.Time) []kept {
	var all []kept
	for _, of := range slices.Sorted(maps.Keys(a.days)) {
		for _, one := range a.days[of] {
			if !one.Created.Before(from) && one.Created.Before(to) {
				all = append(all, one)
			}
		}
	}
	return all
}

// storedDay is the form of a day in the storage.
type storedDay struct {
	Version int             `json:"version"`
	Alerts  map[string]kept `json:"alerts"`
}

// encode is the stored form of a day; nil: it is to be deleted.
func (a *alerts) encode(of string) ([]byte, error) {
	if len(a.days[of]) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(storedDay{storedVersion, a.days[of]})
	if err != nil {
		return nil, fmt.Errorf("encode the alerts of a day: %w", err)
	}
	return data, nil
}

// load takes up the stored form of a day.
func (a *alerts) load(of string, data []byte) error {
	var from storedDay
	if err := json.Unmarshal(data, &from); err != nil {
		return fmt.Errorf("decode the alerts of a day: %w", err)
	}
	if from.Version != storedVersion {
		return fmt.Errorf("the stored alerts of a day have version %d, and this release reads %s: use the release that wrote them", from.Version, strconv.Itoa(storedVersion))
	}
	a.days[of] = from.Alerts
	return nil
}
