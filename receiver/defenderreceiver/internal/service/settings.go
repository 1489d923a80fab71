package service

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// API is the service.
type API interface {
	Query(ctx context.Context, kql string, columns []tables.Column) (*hunting.Rows, error)
	Users(ctx context.Context, link string) (*hunting.Rows, error)
	ListAPI
	Clock() *hunting.ServiceClock
}

// ListAPI is Graph's security API.
type ListAPI interface {
	Objects(ctx context.Context, request hunting.ObjectsRequest) (*hunting.Rows, error)
	Clock() *hunting.ServiceClock // the service's time
}

// Settings are what the requests of a lane have in common.
type Settings struct {
	Lane     string // in the line of the scheduler
	Priority int    // 1 is served first
	// Spare requests take only what all others leave.
	Spare bool
	// Behind is how late the rows are that are asked for; nil: as late as the poll began.
	Behind func() time.Duration
	// CostsCPU: the time that the service is at work counts in the quota.
	CostsCPU bool

	// Answered is told of each request: how long its answer took to begin, or why there is none.
	Answered func(ctx context.Context, spent time.Duration, err error)
	// Accepted is told that the service has taken a request.
	Accepted func()
	Now      func() time.Time // this machine's clock
	Logger   *zap.Logger
}
