// Package refusal reads what a service says when it refuses a request, in the two respects in which
// Entra ID and the hunting API are alike: how long to wait (RetryAfter), and a text that is fit for
// an error message or a log (Text).
package refusal
