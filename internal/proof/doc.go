// Package proof is the report of a day of a receiver: for each table, what the service counts and what became of it. It
// holds values and writes them as text, JSON and Markdown. The journal of a receiver makes it.
//
// In each Part counted = delivered + recovered + refused (kept and lost) + missing + set aside. A day is a day of UTC, of
// the time that the part is read along: the rows' arrival, or their events' time.
package proof
