// Package tuid gives people their tuid: the one of the customer's mapping file, which may change while it runs, else one
// that is derived from the person's key.
package tuid
