package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
)

// intake goes through the records of one call before any becomes an event, so that all of them profit
// from what each says of people and devices.
type intake struct {
	*normalizer

	parser streaming.Parser
	counts tally
	taught map[lesson]struct{}
	// changes are the directories', for the store.
	changes []storedEntry
}

// lesson is what a row says of an account, so that a person's many rows of a call are one.
type lesson struct {
	account accounts.Account
	device  deviceNames
}

// takeIn unpacks records of the Streaming API, takes directory rows out of the call and into the
// directories, and learns from the other rows.
func (n *normalizer) takeIn(ctx context.Context, logs plog.Logs, counts tally) {
	in := &intake{normalizer: n, counts: counts, taught: map[lesson]struct{}{}}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				n.unpack(&in.parser, record, resource.Resource())
				return in.take(record)
			})
		}
	}
	in.changes = append(in.changes, n.directories.evict()...)
	if n.store == nil {
		return
	}
	if err := n.store.save(ctx, in.changes); err != nil {
		// Nothing is lost that the next snapshot does not bring again.
		n.logger.Warn("Cannot store the directories; they will be read anew after a restart", zap.Error(err))
	}
}

// take reports whether the record is done with.
func (in *intake) take(record plog.LogRecord) bool {
	r, ok := in.rowOf(record)
	switch {
	case !ok:
		return false
	case r.plan.event == nil:
		in.changes = append(in.changes, in.directories.take(r)...)
		in.counts.dropped(r.plan.table.Name, reasonDirectory)
		return true
	default:
		in.learnFrom(r)
		return false
	}
}

func (in *intake) learnFrom(r row) {
	for _, columns := range r.plan.table.Accounts {
		if r.text(columns.UPN) == "" {
			continue
		}
		said := lesson{r.account(columns), in.resolver.deviceOf(r)}
		if _, known := in.taught[said]; known {
			continue
		}
		in.taught[said] = struct{}{}
		if _, non := in.resolver.rules.NonHuman(said.account); !non {
			in.changes = append(in.changes, in.directories.learn(said.account, said.device, r.time)...)
		}
	}
}
