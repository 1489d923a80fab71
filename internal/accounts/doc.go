// Package accounts tells accounts of people from accounts of machines.
//
// An Account is what one row says of an account. Rules decide whether it is a person's. The user's include list comes
// first, then the exclude list, then the built-in rules: by SID, then POSIX user id, then domain, then name. A SID does
// not depend on case or language, so a name decides only where no SID does. A name that people have too does not decide
// where there is a UPN or an object id. The built-in rules are tables (builtin*.go). Each entry has the reason under
// which a drop is counted. ServerRules is the part of them that is safe to apply on the service. Persons computes how
// many people a list of accounts stands for.
package accounts
