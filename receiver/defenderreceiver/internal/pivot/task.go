package pivot

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Kind is what rows are found by.
type Kind string

// The kinds.
const (
	Running Kind = "process" // what a process did
	Created Kind = "created" // the row of its creation, where that lies long before
	Parent  Kind = "parent"  // the row of the creation of its parent
	File    Kind = "file"    // by its hash
	Address Kind = "address"
	Host    Kind = "host"
	User    Kind = "user"    // by the SID
	Account Kind = "account" // by the name, where there is no SID
	Device  Kind = "device"  // everything
)

// Relation says how a row belongs to an alert.
type Relation string

// Relations are all of them, the surest first.
var Relations = []Relation{Self, Child, OfParent, OfFile, Network, OfUser, OfDevice}

// The relations.
const (
	Self     Relation = "self"  // the process of the evidence: its creation, and what it did
	Child    Relation = "child" // a process that it started
	OfParent Relation = "parent"
	OfFile   Relation = "file"
	Network  Relation = "network"
	OfUser   Relation = "user"
	OfDevice Relation = "device"
)

// relations are those by which rows of a task are found, beside Child.
var relations = map[Kind]Relation{
	Running: Self, Created: Self, Parent: OfParent, File: OfFile, Address: Network, Host: Network, User: OfUser, Account: OfUser, Device: OfDevice,
}

// surer reports whether a relation says more than another one.
func (r Relation) surer(other Relation) bool {
	return slices.Index(Relations, r) < slices.Index(Relations, other)
}

// The steps of a round. What is found by a sure relation comes before what may fill up the rest.
const (
	stepExact = iota
	stepPeople
	stepDevice
	steps
)

func (k Kind) step() int {
	switch k {
	case User, Account:
		return stepPeople
	case Device:
		return stepDevice
	}
	return stepExact
}

// Task is what is asked for a piece of evidence, in each round.
type Task struct {
	Kind   Kind   `json:"kind"`
	Device string `json:"device"`
	Process
	Value string `json:"value,omitempty"`
	// Coarse says that the device may write the times of processes in steps of 10 ms.
	Coarse bool `json:"coarse,omitempty"`
	// From and To are the time of the rows, both included.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Base is when the evidence came, from which the rounds count.
	Base time.Time `json:"base"`
	// Round is the next one, beginning with 0, Due when it begins.
	Round int       `json:"round,omitempty"`
	Due   time.Time `json:"due"`
	// Asked are the tables that were asked in this round.
	Asked []string `json:"asked,omitempty"`
	// Tries is how often a query of this task alone has failed.
	Tries int `json:"tries,omitempty"`
}

// key tells tasks of an alert apart.
type key uint64

func (t Task) key() key {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d\x00%s", t.Kind, t.Device, t.ID, t.Created.UnixNano(), t.Value))
	return key(binary.BigEndian.Uint64(sum[:8]))
}

const (
	fineTolerance   = time.Millisecond
	coarseTolerance = 10 * time.Millisecond
)

// tolerance is how much two times of one process may differ.
func (t Task) tolerance() time.Duration {
	if t.Coarse {
		return coarseTolerance
	}
	return fineTolerance
}

// Process is what tells a process apart on its device.
type Process struct {
	ID      int64     `json:"id,omitzero"`
	Created time.Time `json:"created,omitzero"`
}

// known reports whether a process can be told apart: a zero id and a time that is not known match any number of rows.
func (p Process) known() bool { return p.ID > 0 && !p.Created.IsZero() }
