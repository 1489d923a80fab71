// Package paging decides how much is asked for next: how long a range one read covers, how long a range one count
// covers, and when the next poll begins. It reads nothing itself; what it learns from is told to it.
package paging
