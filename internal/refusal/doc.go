// Package refusal reads a service's refusal of a request, as far as Entra ID and the hunting API are alike: how long to
// wait (RetryAfter), a text that is fit for an error message or a log (Text), and what an operator can do if the service
// was not reached or something else answered in its place (Unreachable, Redirected, Page, Stranger). Staying makes an HTTP
// client follow no redirect, so that credentials stay with their host.
package refusal
