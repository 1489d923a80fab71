// Package security emulates the lists of Microsoft Graph's security API: alerts_v2 and incidents.
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
package security
