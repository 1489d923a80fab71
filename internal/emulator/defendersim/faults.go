package defendersim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind is something that goes wrong on purpose.
type FaultKind string

// The faults. Those of the token endpoint are drawn there, all others by the hunting APIs.
const (
	FaultTooManyRequests FaultKind = "429"       // with Retry-After
	FaultBareThrottle    FaultKind = "429bare"   // without Retry-After
	FaultCPU             FaultKind = "429cpu"    // CPU exhausted until the next quarter hour, no Retry-After
	FaultUnauthorized    FaultKind = "401"       // the token is said to be expired, as seen right after it was issued
	FaultHTML413         FaultKind = "413"       // a proxy's page
	FaultServerError     FaultKind = "500"       // UnknownError without a message
	FaultHTML502         FaultKind = "502html"   // a proxy's page
	FaultUnavailable     FaultKind = "503"       // UnknownError, with Retry-After where Delay is set
	FaultGatewayTimeout  FaultKind = "504"       // UnknownError without a message
	FaultResultSize      FaultKind = "toolarge"  // 400: result size
	FaultPreempted       FaultKind = "preempted" // 400: allowed limits
	FaultTimeout         FaultKind = "timeout"   // 400: timeout period
	FaultTruncate        FaultKind = "truncate"  // the body ends within a row, the response does not
	FaultReset           FaultKind = "reset"     // the connection breaks within the body
	FaultDrop            FaultKind = "drop"      // the connection breaks before any answer
	FaultSlow            FaultKind = "slow"      // the answer begins after Delay
	FaultStall           FaultKind = "stall"     // the body stops for Delay half-way
	FaultBadJSON         FaultKind = "badjson"   // a raw control character within the body
	FaultPoison          FaultKind = "poison"    // one command line ends in invalid UTF-8 and a lone surrogate
	FaultToken503        FaultKind = "token503"  // the token endpoint is unavailable
)

var faultDelays = map[FaultKind]time.Duration{
	FaultTooManyRequests: 10 * time.Second, FaultSlow: 2 * time.Second, FaultStall: 2 * time.Second,
}

var faultKinds = []FaultKind{
	FaultTooManyRequests, FaultBareThrottle, FaultCPU, FaultUnauthorized, FaultHTML413, FaultServerError, FaultHTML502,
	FaultUnavailable, FaultGatewayTimeout, FaultResultSize, FaultPreempted, FaultTimeout, FaultTruncate, FaultReset,
	FaultDrop, FaultSlow, FaultStall, FaultBadJSON, FaultPoison, FaultToken503,
}

// Fault is a kind of fault and how often it strikes.
type Fault struct {
	Kind  FaultKind
	Rate  float64       // share of calls, 0 to 1
	Table string        // only queries that read this table of the service; empty: all
	Delay time.Duration // of slow and stall; Retry-After of 429 and 503. 0: the kind's default
}

func (f Fault) delay() time.Duration {
	if f.Delay > 0 {
		return f.Delay
	}
	return faultDelays[f.Kind]
}

// ParseFaults reads `kind[=delay][@table][:rate]`, separated by commas, e.g.
// `429:0.05,slow=5s:0.01,reset@DeviceEvents:0.1`. Without a rate every call is struck.
func ParseFaults(text string) ([]Fault, error) {
	var faults []Fault
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		f := Fault{Rate: 1}
		rest, rate, hasRate := strings.Cut(item, ":")
		rest, f.Table, _ = strings.Cut(rest, "@")
		kind, delay, hasDelay := strings.Cut(rest, "=")
		f.Kind = FaultKind(kind)
		if !slices.Contains(faultKinds, f.Kind) {
			return nil, fmt.Errorf("fault %q: unknown kind %q, known are %v", item, kind, faultKinds)
		}
		var err error
		if hasRate {
			if f.Rate, err = strconv.ParseFloat(rate, 64); err != nil || !(f.Rate >= 0 && f.Rate <= 1) {
				return nil, fmt.Errorf("fault %q: the rate must be a number from 0 to 1", item)
			}
		}
		if hasDelay {
			if f.Delay, err = time.ParseDuration(delay); err != nil || f.Delay < 0 {
				return nil, fmt.Errorf("fault %q: the delay must be a duration like 5s", item)
			}
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// faultPlan decides which call is struck.
type faultPlan struct {
	mu     sync.Mutex // guards everything below
	random *rand.Rand
	rates  []Fault
	queued []queuedFault
}

type queuedFault struct {
	fault Fault
	left  int
}

func newFaultPlan(seed uint64, faults []Fault) *faultPlan {
	return &faultPlan{random: rand.New(rand.NewPCG(seed, 0xfa017)), rates: slices.Clone(faults)}
}

func (p *faultPlan) set(faults []Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rates = slices.Clone(faults)
}

func (p *faultPlan) failNext(n int, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n > 0 {
		p.queued = append(p.queued, queuedFault{fault: f, left: n})
	}
}

// draw returns the fault that strikes a query which reads tables; its zero value is none.
func (p *faultPlan) draw(tables []string) Fault {
	return p.drawWhere(func(f Fault) bool {
		return f.Kind != FaultToken503 && (f.Table == "" || slices.Contains(tables, f.Table))
	})
}

func (p *faultPlan) drawForToken() Fault {
	return p.drawWhere(func(f Fault) bool { return f.Kind == FaultToken503 })
}

func (p *faultPlan) drawWhere(concerns func(Fault) bool) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.queued {
		if q := &p.queued[i]; concerns(q.fault) {
			f := q.fault
			if q.left--; q.left <= 0 {
				p.queued = slices.Delete(p.queued, i, i+1)
			}
			return f
		}
	}
	for _, f := range p.rates {
		if concerns(f) && p.random.Float64() < f.Rate {
			return f
		}
	}
	return Fault{}
}

// share is a number from 0.1 to 0.9: where in a body a fault strikes.
func (p *faultPlan) share() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return 0.1 + 0.8*p.random.Float64()
}

// apiError is the answer to a struck call; nil where the fault is in how the answer is sent.
func (f Fault) apiError(now time.Time) *apiError {
	var e *apiError
	switch f.Kind {
	case FaultTooManyRequests, FaultBareThrottle:
		e = &apiError{status: http.StatusTooManyRequests, code: "TooManyRequests", message: "Please retry again later."}
		if f.Kind == FaultTooManyRequests {
			e.retryAfter = f.delay()
		}
	case FaultCPU:
		e = tooMuchCPU(now.Truncate(cpuCycle).Add(cpuCycle).Sub(now))
	case FaultUnauthorized:
		e = unauthorized(textTokenExpired)
	case FaultHTML413:
		e = bodyTooLarge()
	case FaultServerError:
		e = unknownFailure(http.StatusInternalServerError)
	case FaultHTML502:
		e = &apiError{status: http.StatusBadGateway, proxy: true}
	case FaultUnavailable:
		e = unknownFailure(http.StatusServiceUnavailable)
		e.retryAfter = f.delay()
	case FaultGatewayTimeout:
		e = unknownFailure(http.StatusGatewayTimeout)
	case FaultResultSize:
		e = resultTooLarge()
	case FaultPreempted:
		e = preempted()
	case FaultTimeout:
		e = timedOut()
	default:
		return nil
	}
	e.outcome = "fault " + string(f.Kind)
	return e
}
