package control

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Receiver is what the extension shows and commands. All methods are safe for concurrent use, and none waits for the
// service or the pipeline.
type Receiver interface {
	Status() ReceiverStatus
	// Pause holds a table or feed back until Resume, also over a restart. A poll that is under way ends first.
	Pause(ctx context.Context, table string) error
	// Resume ends any pause of a table or feed, whatever its reason: it is polled at once.
	Resume(ctx context.Context, table string) error
	// ResumeAll does so for all tables and feeds.
	ResumeAll(ctx context.Context) error
}

// Tester is a Receiver that can test its connection to the service.
type Tester interface {
	// Test takes as long as its queries, which are charged to the receiver's quota.
	Test(ctx context.Context) (Result, error)
}

// Reporter is a Receiver that can prove what became of a day's rows.
type Reporter interface {
	// Report is of one day in UTC.
	Report(ctx context.Context, day time.Time) (Result, error)
}

// Lender is a Receiver that lets others send queries out of its quota: a command that reads from the service while the
// collector runs.
type Lender interface {
	// Lend waits for a turn, behind all of the receiver's own. The turn has been waited for as long as waited already.
	Lend(ctx context.Context, waited time.Duration) (Loan, error)
}

// Loan is a turn that was lent.
type Loan interface {
	// Return is called once, when the query was answered, with what it has cost.
	Return(cpu time.Duration)
}

// Result is what a test or a report gives. It is marshaled to JSON for the API. Its text is for the page, of lines that
// are readable as they are.
type Result interface {
	Text() string
}

// Processor is what the extension shows of a processor.
type Processor interface {
	Status() ProcessorStatus
}

// Registrar is an extension that shows components.
type Registrar interface {
	Register(r Receiver) (unregister func())
	RegisterProcessor(p Processor) (unregister func())
}

// Lessor is a storage extension that knows which worker runs which receiver.
type Lessor interface {
	Leases() []Lease
}

// Errors of commands.
var (
	// ErrNoTable: the receiver does not read such a table or feed.
	ErrNoTable = errors.New("the receiver reads no such table or feed")
	// ErrNotKept: the pause has begun, and is forgotten at a restart, or the end of a pause is.
	ErrNotKept = errors.New("it is in effect, but could not be stored, so a restart forgets it")
)

// Register registers a receiver with all extensions of the host that show receivers. It is called at the end of Start;
// unregister is called at the beginning of Shutdown.
func Register(host component.Host, r Receiver) (unregister func()) {
	return register(host, func(to Registrar) func() { return to.Register(r) })
}

// RegisterProcessor does so for a processor.
func RegisterProcessor(host component.Host, p Processor) (unregister func()) {
	return register(host, func(to Registrar) func() { return to.RegisterProcessor(p) })
}

func register(host component.Host, with func(Registrar) func()) func() {
	var ends []func()
	for _, extension := range host.GetExtensions() {
		if registrar, ok := extension.(Registrar); ok {
			ends = append(ends, with(registrar))
		}
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}
