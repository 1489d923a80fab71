package verification

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/destination"
)

// Report is what a verification found.
type Report struct {
	Receiver string    `json:"receiver"`
	Against  string    `json:"against"` // as the user wrote it
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`

	Destination *destination.Stats `json:"destination"`
	*comparison.Result
}
