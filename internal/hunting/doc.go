// Package hunting is the client of Defender's advanced hunting APIs: it sends one query, tells the
// reasons of a refusal apart, and decodes the rows of an answer while its body streams.
//
// Design:
//
//   - Client.Query sends a query and returns Rows once a status 200 is in. A 401 is answered once by a
//     new token; one that carries the claims for which the service asks (continuous access evaluation). There are no other retries: each request counts against the tenant's quota, so the
//     caller decides.
//   - Every refusal is an *Error whose Kind says what helps. One table, `reasons`, holds how status and
//     text map to it. Only a 400, or an error inside a 200, is about the query; what is not the API's own
//     answer is Unexpected. Where somebody has to act, Advice says how, unless that takes knowledge of the
//     table. Trouble with tokens comes through as the token source's own error.
//   - A gateway's 502, 504 or 413 and our own timeout are Transient with MaybeSize: whether the size was the
//     cause is known only once a smaller query succeeds.
//   - No redirect is followed, so that the token stays where it belongs. A 403 drops the token: a permission
//     that is granted now stands in new tokens only.
//   - Rows.Next first reads a row whole, then fills the map. A row that it returned is complete whatever
//     comes after; only a body that closes properly ends without an error.
//   - Rows are scanned where they lie in the bytes that were read (row.scan). The scanner only accepts: a row that is
//     broken, to be repaired or too deep is read by jsontext's tokens (row.read), which know every fault and say where it
//     stands. A test compares both with a decoder that only reads tokens.
//   - Values are attacker-chosen (command lines), so no value may stop a page: broken UTF-8 is repaired
//     and counted, numbers beyond 64 bits and too deeply nested values are kept as text.
//   - Memory is bounded by one row, and 64 KiB that are read ahead; the body by Config.MaxBodyBytes.
//   - Client.Users reads Microsoft Graph's /users by the same means. Its rows are users in Graph's names,
//     and Rows.Link leads to the next page or to the changes since; a link to another host is not followed.
//   - The service's own time is known from what its now() gave in the rows of answers (ServiceClock). The
//     Date header is no source: a gateway may write its own.
package hunting
