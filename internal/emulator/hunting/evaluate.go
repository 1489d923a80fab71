package hunting

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// The rows of a result are written into blocks. Most results fill less than the first; each later one is larger, to a limit.
const (
	firstBlock = 4 << 10
	blockBytes = 256 << 10
	blockSlack = 4 << 10 // for the row that fills a block
)

// evaluate runs q and writes its rows, up to the limits.
func (a *API) evaluate(ctx context.Context, q Query, poison bool) (*result, *answer.Failure) {
	limits := a.Limits
	if limits.QueryTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limits.QueryTimeout)
		defer cancel()
	}
	start := time.Now()
	columns := q.Columns()
	w := newRowWriter(columns, a.Quirks, a.api.Graph && a.Quirks.Int64Annotations)
	w.poison = poison
	r := &result{columns: columns, Result: judge.Result{Identified: w.key.Identifies}}
	full := firstBlock
	block := make([]byte, 0, full+blockSlack)
	tooLarge := false
	scanned, err := q.Run(ctx, func(row []value.Value) bool {
		if r.Rows > 0 {
			block = append(block, ',')
		}
		var identity uint64
		before := len(block)
		block, identity = w.append(block, row)
		if w.key.IsOfTable(row) {
			r.Identities = append(r.Identities, identity)
		} else {
			r.Made++
		}
		r.Bytes += len(block) - before + 1
		r.Rows++
		if len(block) >= full {
			r.blocks = append(r.blocks, block)
			full = min(8*full, blockBytes)
			block = make([]byte, 0, full+blockSlack)
		}
		tooLarge = limits.MaxResultBytes > 0 && r.Bytes > limits.MaxResultBytes
		return !tooLarge && (limits.MaxRows <= 0 || r.Rows < int64(limits.MaxRows))
	})
	r.blocks = append(r.blocks, block)
	r.Scanned, r.cpu, r.elapsed = scanned, queryCPU(scanned, r.Rows), time.Since(start)
	a.quotas.spend(r.cpu)
	switch {
	case tooLarge:
		return nil, answer.ResultTooLarge()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, answer.TimedOut()
	case errors.Is(err, context.Canceled):
		return nil, &answer.Failure{Status: http.StatusServiceUnavailable, Code: "UnknownError", Outcome: "client gone"}
	case err != nil:
		return nil, a.queryFailure(err)
	}
	return r, nil
}

// queryFailure puts the engine's refusal, which is in the service's words, into a 400.
func (a *API) queryFailure(err error) *answer.Failure {
	if refused, ok := errors.AsType[*syntax.Error](err); ok {
		return answer.BadRequest(refused.Message, "400 query")
	}
	a.Logger.Error("run a query", "error", err)
	return answer.Unknown(http.StatusInternalServerError)
}
