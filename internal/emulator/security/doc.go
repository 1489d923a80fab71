// Package security emulates the lists of Microsoft Graph's security API: alerts_v2, incidents, secureScores and
// secureScoreControlProfiles.
//
// Emulated are
//
//   - the lists with $filter, $orderby, $top, $skip, $count and @odata.nextLink, one object by its id, and an incident's alerts
//   - PATCH of an object and comments, each of which makes a new version
//   - times as SQL Server's datetime keeps them: whole 1/300 s, printed with two or seven digits, the seventh rounded
//   - versions that become visible later than the time they carry
//   - the largest pages: alerts_v2 cuts $top to 1,000, incidents answer 400 above 50, $skip above 500 answers 400
//   - the header Prefer: without include-unknown-enum-members, members that are newer than the sentinel are unknownFutureValue
//   - lists that do not honour $orderby, or refuse it; answers that are not complete (206); windows that always answer 500
//   - Secure Score: an object for each of 90 days, at an hour that nobody knows; keys that no document has, numbers as text,
//     averages of -1, a group that is missing; controls without a profile, and the reverse
//   - links: one behind $top=1 leads to older scores, and the report tells whoever follows it; of profiles, 250 stand on a page,
//     and the link of a request with $top is refused; more than four of these calls at once answer 429
//
// Not emulated are $select, $expand, lambda operators in $filter, and the limit of 150 requests a minute. A nextLink is a
// position in the list as it is when the link is followed, so objects that move meanwhile are skipped or repeated, as with
// an offset.
//
//	collection.go  the objects and their versions
//	stamp.go       SQL times
//	filter.go      $filter
//	query.go       what a request asks for
//	members.go     what the header Prefer changes
//	api.go         the requests
//	posture.go     the requests for Secure Score
//	catalog.go     its scores and profiles
//	scores.go      what they say of a tenant that is generated
package security
