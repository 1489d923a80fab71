// Package graph sends the requests of the resolver to Graph's security API: it reads an alert, changes its status, and adds a
// comment. An error says what kind of refusal it is.
package graph
