// Package entra emulates Entra ID: its token endpoint, and the check of tokens by the APIs.
//
// It knows one tenant and one application. A client gets a token by the client credentials grant of the v2.0 endpoint:
// with a secret, with an assertion that a certificate has signed, with a token of another identity provider, or as the
// managed identity of a machine. Errors have the status, the OAuth name, the AADSTS code and the text of the service, as
// far as the receiver depends on them. Tokens can be revoked, and challenged as continuous access evaluation does.
//
// There are no users, no consent, no refresh tokens and no other grants. Tokens are signed with a secret of the emulator,
// so nobody else can verify them, and the keys that the discovery document names are not served.
//
//	endpoints.go     the discovery documents and the token endpoint
//	identity.go      the endpoint of a machine's managed identity
//	entra.go         both halves together
//	authorize.go     the APIs' check of a token
//	challenge.go     tokens that are revoked before their end, and claims challenges
//	tokens.go        the tokens that are given
//	assertion.go     the check of an assertion
//	registration.go  secrets, certificates and federated credentials of the application
//	audience.go      the APIs that tokens are for, in each cloud
//	errors.go        AADSTS codes and texts
package entra
