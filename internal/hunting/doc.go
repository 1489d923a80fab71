// Package hunting is the client of Defender's advanced hunting APIs: it sends one query, tells the
// reasons of a refusal apart, and decodes the rows of an answer while its body streams.
//
// Design:
//
//   - Client.Query sends a query and returns Rows once a status 200 is in. A 401 is answered once by a
//     new token. There are no other retries: each request counts against the tenant's quota, so the
//     caller decides.
//   - Every refusal is an *Error whose Kind says what helps. One table, `reasons`, holds how status and
//     text map to it. Trouble with tokens comes through as the token source's own error.
//   - Rows.Next first reads a row whole, then fills the map. A row that it returned is complete whatever
//     comes after; only a body that closes properly ends without an error.
//   - Values are attacker-chosen (command lines), so no value may stop a page: broken UTF-8 is repaired
//     and counted, numbers beyond 64 bits and too deeply nested values are kept as text.
//   - Memory is bounded by one row; the body by Config.MaxBodyBytes.
//   - Client.Users reads Microsoft Graph's /users by the same means. Its rows are users in Graph's names,
//     and Rows.Link leads to the next page or to the changes since; a link to another host is not
//     followed, and neither is a redirect, so that the token stays where it belongs.
//   - The service's own time is known from the Date headers of its answers (ServiceClock).
package hunting
