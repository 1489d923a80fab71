// Package turns lends turns to send a query over HTTP: a command beside a running collector spends the quota that the
// collector's receiver keeps the account of.
//
//	POST /api/v1/receivers/{id}/turns  {"waited_seconds": 12.5}  ->  200 {"turn": "..."}, or 204: there is none yet, ask again
//	POST /api/v1/turns/{turn}          {"cpu_seconds": 1.2}      ->  204, or 410: it is not lent any more
//
// A turn that does not come back within the lease counts as if its query had taken all of that time.
//
//	server.go  Desk: the collector's side
//	client.go  Client: the command's side
package turns
