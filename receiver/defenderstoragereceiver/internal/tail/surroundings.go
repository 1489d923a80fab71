package tail

import (
	"time"

	"go.opentelemetry.io/collector/config/configretry"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/recent"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/state"
)

const (
	// HeldFor is how long the pipeline may not take rows until they are let go of, to be read again.
	HeldFor = time.Minute
	// saving bounds the storing of places that must be stored, also at the end.
	saving = 30 * time.Second
)

// Plan is what is read, and how often.
type Plan struct {
	ListInterval time.Duration
	TailInterval time.Duration // 0: hot blobs are not asked for
	MaxRead      int64         // bytes of one part of a blob
	Prefix       string        // what the names of the blobs begin with
	Mine         func(container, blob string) bool
	Origin       bool // records say where their line stands
}

// Metrics are told what happens.
type Metrics interface {
	Delivered(table string, result delivery.Result)
	Duplicates(table string, rows int)
	Undecoded(table string, texts int)
	Read(table string, bytes int)
	Recreated(table string)
	Skipped(table string, entries int)
	Lost(table string, bytes int64)
	CursorWrites(err error)
}

// Surroundings are what all containers share.
type Surroundings struct {
	Plan
	Client    *account.Client
	Deliverer *delivery.Deliverer
	Batch     delivery.Limits
	Letters   bool // refused rows are kept
	Scope     string
	Version   string
	State     *state.State
	Recent    *recent.Rows
	Slots     chan struct{} // a value for each step that is under way
	Retry     configretry.BackOffConfig
	Metrics   Metrics
	Logger    *zap.Logger
	Now       func() time.Time
}
