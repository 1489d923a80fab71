package checkup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

const (
	// silence is how long a container of events may not grow until that is told.
	silence = 24 * time.Hour
	// standstill is how long no container at all may grow. The export writes every few minutes, as long as one device is on.
	standstill = 6 * time.Hour
)

const setting = "the setting of the Streaming API in the Defender portal (System, Settings, Microsoft Defender XDR, Streaming API)"

// judge is what the facts of a container mean. One container's trouble is never the receiver's. alone: other
// containers grow, so that this one does not is its own trouble.
func judge(container string, f facts, now time.Time, alone bool) step.Finding {
	switch {
	case f.more:
		return step.Finding{
			Outcome: diagnosis.TooMany, Severity: diagnosis.Warning,
			Detail: fmt.Sprintf("it has more than %s blobs, of which the test has looked at no more: each list of the receiver reads and pays them all", diagnosis.Number(int64(f.blobs+f.others+f.skipped))),
			Remedy: "give the account a lifecycle rule that deletes blobs after 7 to 14 days, and longer than the longest outage",
		}
	case f.blobs == 0:
		return nothing(f)
	case f.newest.Name == "":
		return step.Finding{
			Outcome: diagnosis.Empty, Severity: diagnosis.Warning, Detail: fmt.Sprintf("nothing was written into its %s blobs yet", diagnosis.Number(int64(f.blobs))),
			Remedy: "wait some minutes; if it stays so, look at " + setting,
		}
	}
	age := now.Sub(f.newest.Modified)
	found := step.Fine("%s; the newest, %s, grew %s ago", f.size(now), hourOf(f.newest.Name), rounded(age))
	if age <= silence {
		return found
	}
	found.Outcome = diagnosis.Stale
	if isQuiet(export.Table(container)) || !alone {
		return found
	}
	found.Severity = diagnosis.Warning
	found.Remedy = "if rows are expected, check that the table is still ticked in " + setting + ", and that the product that fills it is in use"
	return found
}

// hourOf is the hour of a blob, else its name.
func hourOf(blob string) string {
	if _, hour, ok := export.Hour(blob); ok {
		return "of " + hour.Format("2006-01-02 15:04") + " UTC"
	}
	return blob
}

// nothing is about a container that has no blob for the receiver.
func nothing(f facts) step.Finding {
	found := step.Finding{Outcome: diagnosis.Empty, Severity: diagnosis.Warning}
	switch {
	case f.others > 0 && len(f.tenants) > 0:
		found.Detail = fmt.Sprintf("none of its %s blobs is this receiver's, by 'tenants' and 'shard'; they are of %s",
			diagnosis.Number(int64(f.others)), strings.Join(slices.Sorted(maps.Keys(f.tenants)), ", "))
		found.Remedy = "check 'tenants'; where another receiver reads these blobs, there is nothing to do"
	case f.others > 0:
		found.Detail = fmt.Sprintf("none of its %s blobs is this receiver's, by 'tenants' and 'shard': their names say no tenant", diagnosis.Number(int64(f.others)))
		found.Remedy = "remove 'tenants' where the account has one tenant alone"
	case f.skipped > 0:
		found.Detail = fmt.Sprintf("it has %s entries, and none is an append blob, as the export writes them", diagnosis.Number(int64(f.skipped)))
		found.Remedy = "name the account that the Streaming API writes to in 'account_url': copies elsewhere are not read"
	default:
		found.Detail = "it has no blob that the receiver reads"
		found.Remedy = "wait some minutes, or check 'tenants'; if it stays so, look at " + setting
	}
	return found
}

// isQuiet: many a tenant has no alert for days.
func isQuiet(table string) bool { return strings.HasPrefix(strings.ToLower(table), "alert") }

// size is how much there is, and from when on.
func (f facts) size(now time.Time) string {
	text := fmt.Sprintf("%s blobs, %s", diagnosis.Number(int64(f.blobs)), bytesText(f.bytes))
	if !f.oldest.IsZero() {
		text += ", from " + rounded(now.Sub(f.oldest)) + " ago on"
	}
	return text
}

// exported is what all containers tell of the export: that it goes on, that it stands still, or that there is none.
func exported(newest, now time.Time, containers int) step.Finding {
	age := now.Sub(newest)
	switch {
	case containers == 0:
		return step.Finding{
			Outcome: diagnosis.NoContainer, Severity: diagnosis.Warning,
			Detail: "the account has no container of the export that this receiver reads: their names begin with " + export.Prefix,
			Remedy: "check 'account_url', and that " + setting + " names this account, with tables ticked. The first rows come after some minutes, and up to a day",
		}
	case newest.IsZero():
		return step.Finding{
			Outcome: diagnosis.Empty, Severity: diagnosis.Warning, Detail: "no container has rows for this receiver yet",
			Remedy: "see the remedies above, and wait: the first rows come after some minutes, and up to a day",
		}
	case age > standstill:
		return step.Finding{
			Outcome: diagnosis.Stale, Severity: diagnosis.Warning,
			Detail: "no container has grown for " + rounded(age) + ": the export is switched off, or the account does not let it write",
			Remedy: "check that " + setting + " is there and names this account, and that the account's firewall lets trusted Microsoft services in",
		}
	}
	return step.Fine("the export goes on: rows were written %s ago", rounded(age))
}

// without are the tables that events are made of, or people and devices are known by, and that have no container.
func without(containers []string) []string {
	var names []string
	for _, t := range tables.All() {
		if t.Kind == tables.Passed || t.Source == tables.Graph {
			continue
		}
		for _, schema := range t.Sources() {
			if !slices.Contains(containers, export.Container(schema.Name)) {
				names = append(names, schema.Name)
			}
		}
	}
	return names
}

// rounded is a duration as precise as it matters.
func rounded(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d", int(d/day))
	}
}

// bytesText is a number of bytes in its unit.
func bytesText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(n), 0
	for ; value >= 1024 && unit < len(units)-1; unit++ {
		value /= 1024
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
