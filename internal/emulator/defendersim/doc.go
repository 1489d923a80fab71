// Package defendersim is an emulator of Entra ID's token endpoint, of Microsoft Defender's two
// Advanced Hunting APIs, of Microsoft Graph's users and of its security API, for tests in this process and for the command defendersim.
//
// # Design
//
// This package starts and stops the emulator and is what tests and the command use of it. Its parts are packages beside it:
//
//	tenant          the generated sample tenant: rows and people
//	rows            the database: the tenant's rows, planted rows, none older than 30 days
//	kql             the query language
//	faults          what goes wrong on purpose, by rate or for the next n calls
//	judge           what the client did, and whether it should have
//	answer, api     errors in the service's words; how a call is noted and its answer goes out
//	entra           Entra ID's tokens: who asks, and may they
//	hunting         the two hunting APIs
//	users           Graph's users: whole, page by page, or what has changed
//	security        Graph's alerts_v2, incidents and Secure Score
//	blobs           a storage account, to which the tenant's rows are exported
//
// A query passes entra (token), hunting's quotas (calls a minute and an hour, CPU a quarter hour: 429), the body of Graph or
// of the legacy API, kql (400 in the service's words), faults, rows, and the writer that makes JSON the way the service does:
// at most 100,000 rows and 50 MB.
//
// A result is held in memory until it is known to keep the size limit, because the service answers a
// larger one with an error and no rows; it is then streamed. Everything that depends on time follows
// Options.Now, so that a test with a Clock needs no sleeps: visibility, tokens, quotas, Date headers.
// Only the faults `slow` and `stall` and Options.QueryTimeout run on the machine's clock.
//
// # Never checked against the real service
//
// The emulator was written from Microsoft's documentation and from bodies seen in public. These
// points are assumptions:
//
//   - that a result of more than 100,000 rows is cut silently
//   - the API's body for an exhausted CPU quota (the portal's text is used) and the CPU that a query costs
//   - whether runHuntingQuery sends Retry-After with a 429 (here: for call quotas yes, for CPU no)
//   - that a window of calls slides, and that refused calls do not count in it
//   - the type names in `schema` other than DateTime and String
//   - which rows carry which wire form of booleans, nulls and JSON columns
//   - status and text of a query that ran out of its three minutes
//   - the answer of a retired legacy API
//   - AADSTS texts, except that MSAL takes them
//   - Graph's text for a token of another audience or signature
//   - of the security API: everything that its package's doc names as emulated beyond Microsoft's documents and the bodies
//     and code seen in public, the token of a nextLink, the texts of a 404 and of a refused option
//   - of Graph's users: that every option stands in the token, the largest page of a delta query, which
//     faults the directory has, and that a lost link gives 410 where 400 is documented too
package defendersim
