//go:generate go tool mdatagen metadata.yaml

// Package defenderstoragereceiver tails what Defender's Streaming API exports into an Azure Storage account: an append blob
// for each table and hour, of lines of JSON.
//
// Each container has a loop of its own (internal/tail). A list of its blobs says what is there, a book (internal/book) says
// how far each blob was read, and the difference is read part by part (internal/account), cut and decoded line by line
// (internal/lines, and the decoder of Event Hubs' messages), and handed to the pipeline (internal/delivery, which traces
// refusals as for the defender receiver). Only then the blob's place moves, and is stored (internal/state).
//
//	what the export does                     what follows
//	a closed hour grows, by hours            a byte offset for each blob, and no watermark and no blob that is done
//	a blob is deleted and made again         its creation tells, in lists and in every answer
//	a line is torn over two appends          a part is cut behind its last line end
//	a line is damaged                        it is handed on as text, and the next one is read by itself
//	a line is written again                  it has the same uid; those of the last hours are left out (internal/recent)
//	a list is billed like a write            lists are few; between them only the newest blobs are asked for, if changed
//
// The receiver sends GET and nothing else. A blob that was deleted before it was read is the one loss there is: it is told
// with the number of bytes.
//
// This package has what a user configures, and the wiring. What can be seen and commanded is in internal/health.
package defenderstoragereceiver
