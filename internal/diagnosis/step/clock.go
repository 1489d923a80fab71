package step

import (
	"fmt"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
)

// clockTolerance is how far clocks may differ before somebody should look: Entra ID refuses assertions that are five
// minutes off.
const clockTolerance = time.Minute

// Clock is about the service's clock, which is ahead of this machine's. It is known to a precision.
func Clock(ahead, precision time.Duration) Finding {
	f := Fine("this machine's clock agrees with the service's, to %s", max(ahead.Abs().Round(precision), precision))
	if ahead.Abs() < clockTolerance {
		return f
	}
	way := "behind"
	if ahead < 0 {
		way = "ahead of"
	}
	return Finding{
		diagnosis.WrongClock, diagnosis.Warning,
		fmt.Sprintf("this machine's clock is %s %s the service's", ahead.Abs().Round(time.Second), way),
		"set this machine's clock (NTP): certificates and assertions are refused when it is too far off, and ObservedTimestamp is wrong",
	}
}
