// Package event builds TOTAL events: which column goes to which key (driven by internal/tables), an event's id, and the
// attributes of OpenTelemetry's semantic conventions beside it.
package event
