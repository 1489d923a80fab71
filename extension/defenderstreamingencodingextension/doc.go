// Package defenderstreamingencodingextension unmarshals what Defender's Streaming API puts into Event Hubs and storage
// accounts, for receivers that take an encoding extension, such as the kafka receiver.
//
// UnmarshalLogs gives every row of a message the form that the defender receiver gives it: the same body, attributes and
// log.record.uid, and beside them microsoft.defender.source. Rows of one tenant stand in one ResourceLogs, in the order
// of the message.
//
// It never returns an error. At v0.155 the kafka receiver treats an error of the encoding as permanent: depending on
// message_marking it skips the whole message with all its rows, or stops the partition for good. A record that cannot be
// decoded is therefore handed on as text, with the reason in an attribute, and counted. The others become rows.
//
//	extension.go  the component: UnmarshalLogs
//	message.go    the log records of one message
package defenderstreamingencodingextension

//go:generate go tool mdatagen metadata.yaml
