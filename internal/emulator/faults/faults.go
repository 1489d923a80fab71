// Package faults decides which call to the emulator goes wrong on purpose, and how: by a rate for each call, or for the
// next calls of a kind.
//
// A fault is of one call. What the service remembers from one call to the next, such as quotas and revoked tokens, belongs
// to the packages that emulate it. Draws follow the seed, but which call gets which one depends on the order in which
// calls come.
package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
)

// Kind is something that goes wrong on purpose.
type Kind string

// The faults. Those of the token endpoint are drawn there, all others by the hunting APIs.
const (
	TooManyRequests Kind = "429"       // with Retry-After
	BareThrottle    Kind = "429bare"   // without Retry-After
	CPU             Kind = "429cpu"    // CPU exhausted until the next quarter hour, no Retry-After
	Unauthorized    Kind = "401"       // the token is said to be expired, as seen right after it was issued
	Challenge       Kind = "401claims" // all tokens are revoked before their end, with a claims challenge
	HTML413         Kind = "413"       // a proxy's page
	ServerError     Kind = "500"       // UnknownError without a message
	HTML502         Kind = "502html"   // a proxy's page
	Unavailable     Kind = "503"       // UnknownError, with Retry-After where Delay is set
	GatewayTimeout  Kind = "504"       // UnknownError without a message
	ResultSize      Kind = "toolarge"  // 400: result size
	Preempted       Kind = "preempted" // 400: allowed limits
	Timeout         Kind = "timeout"   // 400: timeout period
	Truncate        Kind = "truncate"  // the body ends within a row, the response does not
	Reset           Kind = "reset"     // the connection breaks within the body
	Drop            Kind = "drop"      // the connection breaks before any answer
	Slow            Kind = "slow"      // the answer begins after Delay
	Stall           Kind = "stall"     // the body stops for Delay half-way
	BadJSON         Kind = "badjson"   // a raw control character within the body
	Poison          Kind = "poison"    // one command line ends in invalid UTF-8 and a lone surrogate
	Partial         Kind = "206"       // a list of the security API lacks what one provider had, and says so
	Token503        Kind = "token503"  // the token endpoint is unavailable
)

var delays = map[Kind]time.Duration{
	TooManyRequests: 10 * time.Second, Slow: 2 * time.Second, Stall: 2 * time.Second,
}

var kinds = []Kind{
	TooManyRequests, BareThrottle, CPU, Unauthorized, Challenge, HTML413, ServerError, HTML502,
	Unavailable, GatewayTimeout, ResultSize, Preempted, Timeout, Truncate, Reset,
	Drop, Slow, Stall, BadJSON, Poison, Partial, Token503,
}

// Fault is a kind of fault and how often it strikes.
type Fault struct {
	Kind  Kind
	Rate  float64       // share of calls, 0 to 1
	Table string        // only queries that read this table of the service; empty: all
	Delay time.Duration // of slow and stall; Retry-After of 429 and 503. 0: the kind's default
}

// Wait is Delay, or the default of the kind.
func (f Fault) Wait() time.Duration {
	if f.Delay > 0 {
		return f.Delay
	}
	return delays[f.Kind]
}

// Parse reads `kind[=delay][@table][:rate]`, separated by commas, e.g.
// `429:0.05,slow=5s:0.01,reset@DeviceEvents:0.1`. Without a rate every call is struck.
func Parse(text string) ([]Fault, error) {
	var faults []Fault
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		f := Fault{Rate: 1}
		rest, rate, hasRate := strings.Cut(item, ":")
		rest, f.Table, _ = strings.Cut(rest, "@")
		kind, delay, hasDelay := strings.Cut(rest, "=")
		f.Kind = Kind(kind)
		if !slices.Contains(kinds, f.Kind) {
			return nil, fmt.Errorf("fault %q: unknown kind %q, known are %v", item, kind, kinds)
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

// Plan decides which call is struck.
type Plan struct {
	mu     sync.Mutex // guards everything below
	random *rand.Rand
	rates  []Fault
	queue  []queued
}

type queued struct {
	fault Fault
	left  int
}

// NewPlan returns a plan whose draws depend on the seed.
func NewPlan(seed uint64, faults []Fault) *Plan {
	return &Plan{random: rand.New(rand.NewPCG(seed, 0xfa017)), rates: slices.Clone(faults)}
}

// Set replaces the faults that strike by rate.
func (p *Plan) Set(faults []Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rates = slices.Clone(faults)
}

// FailNext makes f strike the next n calls that it concerns, whatever its rate.
func (p *Plan) FailNext(n int, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n > 0 {
		p.queue = append(p.queue, queued{fault: f, left: n})
	}
}

// Draw returns the fault that strikes a query which reads tables; its zero value is none.
func (p *Plan) Draw(tables []string) Fault {
	return p.DrawWhere(func(f Fault) bool {
		return f.Kind != Token503 && f.Kind != Partial && (f.Table == "" || slices.Contains(tables, f.Table))
	})
}

// DrawForToken returns the fault that strikes a request for a token.
func (p *Plan) DrawForToken() Fault {
	return p.DrawWhere(func(f Fault) bool { return f.Kind == Token503 })
}

// DrawWhere returns a fault of those that concern a call.
func (p *Plan) DrawWhere(concerns func(Fault) bool) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.queue {
		if q := &p.queue[i]; concerns(q.fault) {
			f := q.fault
			if q.left--; q.left <= 0 {
				p.queue = slices.Delete(p.queue, i, i+1)
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

// inBody are the faults that strike within the body.
var inBody = []Kind{Truncate, Reset, Stall, BadJSON}

// Strike is where in an answer of so many bytes and rows a fault of the body strikes; -1 if none does.
func (p *Plan) Strike(f Fault, head, body, rows int) int {
	if !slices.Contains(inBody, f.Kind) {
		return -1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := head/2 + int((0.1+0.8*p.random.Float64())*float64(body))
	if rows > 0 {
		at += head / 2
	}
	return at
}

// Failure is the answer to a struck call; nil where the fault is in how the answer is sent.
func (f Fault) Failure(now time.Time) *answer.Failure {
	var e *answer.Failure
	switch f.Kind {
	case TooManyRequests, BareThrottle:
		e = &answer.Failure{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Please retry again later."}
		if f.Kind == TooManyRequests {
			e.RetryAfter = f.Wait()
		}
	case CPU:
		e = answer.TooMuchCPU(now.Truncate(answer.CPUCycle).Add(answer.CPUCycle).Sub(now))
	case Unauthorized:
		e = answer.Unauthorized(answer.TextTokenExpired)
	case HTML413:
		e = answer.BodyTooLarge()
	case ServerError:
		e = answer.Unknown(http.StatusInternalServerError)
	case HTML502:
		e = &answer.Failure{Status: http.StatusBadGateway, Proxy: true}
	case Unavailable:
		e = answer.Unknown(http.StatusServiceUnavailable)
		e.RetryAfter = f.Wait()
	case GatewayTimeout:
		e = answer.Unknown(http.StatusGatewayTimeout)
	case ResultSize:
		e = answer.ResultTooLarge()
	case Preempted:
		e = answer.Preempted()
	case Timeout:
		e = answer.TimedOut()
	default:
		return nil
	}
	e.Outcome = "fault " + string(f.Kind)
	return e
}
