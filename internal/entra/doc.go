// Package entra gets access tokens from Microsoft Entra ID for an app registration or a managed
// identity, by way of Microsoft's own library (MSAL).
//
// Design:
//
//   - Source.Token is asked before every request. MSAL caches the token; callers that come at once
//     share one request, which ends when the last of them gives up.
//   - Files (secret, certificate, federated token) are read again, so that a rotation needs no restart.
//     A new content means a new MSAL client, and so a new token.
//   - Every failure is an *Error that says either what the operator must change or that it will pass.
//     Entra's error_codes decide, never its texts. MSAL's own errors quote raw answers and so never
//     leave this package.
package entra
