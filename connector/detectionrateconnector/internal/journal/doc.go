// Package journal stores entries of the book in a storage extension, which has no list of its keys.
//
// Entries are written in chunks, one after another, and the last form of an entry counts. A key holds the numbers of the first
// and the last chunk:
//
//	rate/v1/chunks        {"first": 7, "last": 9}
//	rate/v1/chunk/7 ... rate/v1/chunk/9
//
// A chunk is written once. When most of what the chunks hold is outdated, the entries of the first chunk that count are
// written again behind the last one, and the first chunk is deleted, in the same batch. So the storage takes at most about
// twice what is known, and a batch is never larger than what came and a few chunks. So many small chunks are joined, too.
package journal
