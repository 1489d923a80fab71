// Package refusal reads what a service says when it refuses a request, in the respects in which
// Entra ID and the hunting API are alike: how long to wait (RetryAfter), a text that is fit for an error
// message or a log (Text), and what an operator can do where the service was not reached or something
// else answered in its place (Unreachable, Redirected, Page, Stranger). Staying keeps credentials from following
// a redirect.
package refusal
