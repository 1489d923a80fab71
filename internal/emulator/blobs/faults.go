package blobs

import (
	"net/http"
	"sync"
)

// Kind is something that goes wrong on purpose.
type Kind string

// The faults.
const (
	Unauthorized Kind = "401"
	// NoRole is what a caller without a role for data gets.
	NoRole Kind = "403"
	// Firewall is what a caller gets whose network the account does not let in.
	Firewall Kind = "403firewall"
	Busy     Kind = "503"
	TimedOut Kind = "500"
	// Cut ends the body half-way, and with it the connection.
	Cut Kind = "cut"
	// Lost does what was asked and breaks the connection instead of answering.
	Lost Kind = "lost"
	// Missing says of a blob that it does not exist.
	Missing Kind = "404"
)

// Operation is what a request asks for.
type Operation string

// The operations.
const (
	ListContainers Operation = "list_containers"
	ListBlobs      Operation = "list_blobs"
	Read           Operation = "read"
	Write          Operation = "write"
)

// Fault strikes requests of a kind.
type Fault struct {
	Kind      Kind
	Operation Operation // empty: all but writes
	Container string    // empty: all
}

func (f Fault) concerns(operation Operation, container string) bool {
	if f.Operation == "" && operation == Write {
		return false
	}
	return (f.Operation == "" || f.Operation == operation) && (f.Container == "" || f.Container == container)
}

// faults are those that are to strike.
type faults struct {
	mu   sync.Mutex // guards what follows
	plan []planned
}

type planned struct {
	fault Fault
	left  int // below zero: without end
}

// draw returns the fault that strikes a request, if one does.
func (f *faults) draw(operation Operation, container string) Kind {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.plan {
		p := &f.plan[i]
		if p.left == 0 || !p.fault.concerns(operation, container) {
			continue
		}
		p.left--
		return p.fault.Kind
	}
	return ""
}

// refusal is an error in the service's words.
type refusal struct {
	status        int
	code, message string
}

// refusals are what the faults answer.
var refusals = map[Kind]refusal{
	Unauthorized: {http.StatusUnauthorized, "InvalidAuthenticationInfo", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."},
	NoRole:       {http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission."},
	Firewall:     {http.StatusForbidden, "AuthorizationFailure", "This request is not authorized to perform this operation."},
	Busy:         {http.StatusServiceUnavailable, "ServerBusy", "The server is busy."},
	TimedOut:     {http.StatusInternalServerError, "OperationTimedOut", "Operation could not be completed within the permitted time."},
	Missing:      noBlob,
}

var (
	noBlob       = refusal{http.StatusNotFound, "BlobNotFound", "The specified blob does not exist."}
	noContainer  = refusal{http.StatusNotFound, "ContainerNotFound", "The specified container does not exist."}
	badRange     = refusal{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource."}
	notMet       = refusal{http.StatusPreconditionFailed, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	wrongOffset  = refusal{http.StatusPreconditionFailed, "AppendPositionConditionNotMet", "The append position condition specified was not met."}
	isThere      = refusal{http.StatusConflict, "ContainerAlreadyExists", "The specified container already exists."}
	notSupported = refusal{http.StatusBadRequest, "UnsupportedHttpVerb", "The emulator does not know this request."}
)
