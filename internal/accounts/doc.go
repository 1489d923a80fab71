// Package accounts tells accounts of people from accounts of machines.
//
// An Account is what one row says of an account. Rules decide whether it is a person's: what the
// user includes is, what the user excludes is not, and then the built-in rules speak: by SID first,
// then POSIX user id, then domain, then name. A SID does not depend on case or language, so a name is asked only
// where no SID has answered, and names that people have too yield to a UPN or an object id. The built-in
// rules are tables (builtin*.go), each entry with the reason that a drop is counted under. ServerRules is the part of
// them which is safe to apply before a row leaves the service. Persons finds out how many people a list of
// accounts stands for.
package accounts
