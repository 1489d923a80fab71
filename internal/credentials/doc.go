// Package credentials is how a component's configuration names an app registration or a managed identity, and what checks
// it. Identity makes the source of tokens of it, for any of Microsoft's services. Expiry says when the credentials end, and
// warns before that.
package credentials
