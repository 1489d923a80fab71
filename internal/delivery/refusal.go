package delivery

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	// ErrRefused is returned when the pipeline did not take all rows. The service still has them, so they are read
	// again.
	ErrRefused = errors.New("the pipeline refuses data")
	// ErrDestination is an ErrRefused: nothing at all of the table is accepted, so it is not the rows that are refused.
	ErrDestination error = destinationError{}
)

type destinationError struct{}

func (destinationError) Error() string {
	return "the destination refuses everything of this table and calls that permanent; the rows are held, so look at its " +
		"credentials, its permissions and its address"
}
func (destinationError) Unwrap() error { return ErrRefused }

// answer is an error of the pipeline, and what it says. Its text is read once: destinations are asked again and again.
type answer struct {
	err               error
	forGood, tooLarge bool
}

func newAnswer(err error) answer { return answer{err, isPermanent(err), isTooLarge(err)} }

// isPermanent reports whether the pipeline refused the data for good. A pipeline with several exporters
// joins their errors, and is permanent only if none of them would take the data later.
func isPermanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		permanent := 0
		for _, branch := range joined.Unwrap() {
			if isPermanent(branch) {
				permanent++
			}
		}
		// With none, it is the joined error as a whole that was called permanent.
		return permanent == 0 || permanent == len(joined.Unwrap())
	}
	return true
}

// refusalsNeeded is how many refusals make a row a refused one. An answer that is about the caller or the server is hardly
// ever about the row: a balancer may have one backend that does not know the caller's token, or that is broken.
func refusalsNeeded(err error) int {
	answer, told := status.FromError(err)
	switch answer.Code() {
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented, codes.NotFound, codes.Internal, codes.DataLoss:
		return 2 * sureAfter
	case codes.Unknown: // also a 500 over HTTP; an error without an answer has this code, too
		if told {
			return 2 * sureAfter
		}
	default:
	}
	// Kafka's words; its errors have no status.
	if words := err.Error(); strings.Contains(words, "AUTHORIZATION_FAILED") || strings.Contains(words, "AUTHENTICATION_FAILED") {
		return 2 * sureAfter
	}
	return sureAfter
}

// isTooLarge reports whether the pipeline's words are about a size.
func isTooLarge(err error) bool {
	words := strings.ToLower(err.Error())
	for _, sign := range []string{"too large", "too_large", "larger than max", "exceeds max", "greater than max", "status code 413"} {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}

// recordSize is how the Kafka exporter says that a message is above its own limit.
var recordSize = regexp.MustCompile(`record size (\d+) exceeds max (\d+)`)

// messageOverhead is what Kafka's client adds at most to the size that it tells.
const messageOverhead = 256

// isCertain reports whether the exporter itself says that a call of one record can never fit. That does not depend on
// the destination's mood, so nothing else has to show it.
func isCertain(err error) bool {
	found := recordSize.FindAllStringSubmatch(err.Error(), -1)
	if len(found) != 1 || hasBranches(err) {
		return false
	}
	size, wrong := strconv.Atoi(found[0][1])
	limit, alsoWrong := strconv.Atoi(found[0][2])
	return wrong == nil && alsoWrong == nil && size+messageOverhead > limit
}

// hasBranches reports whether several exporters have refused a call.
func hasBranches(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		if branches := joined.Unwrap(); len(branches) != 1 || hasBranches(branches[0]) {
			return true
		}
	}
	return false
}

// failedRows are the ids of the records that an error says failed, if it says so of all of them: the others of the
// call were accepted. The errors of several exporters say nothing, for each has its own part.
func failedRows(err error) map[string]bool {
	var failed consumererror.Logs
	if !errors.As(err, &failed) || hasBranches(err) {
		return nil
	}
	return idsOf(failed.Data())
}

// idsOf are the ids of all records, or nil if one has none.
func idsOf(logs plog.Logs) map[string]bool {
	ids := map[string]bool{}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				uid, ok := record.Attributes().Get(logrecord.AttributeUID)
				if !ok {
					return nil
				}
				ids[uid.AsString()] = true
			}
		}
	}
	return ids
}
