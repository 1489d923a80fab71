// Package book holds how far each blob of one container was read, and says what is to be read next. It does no input or
// output.
//
// A Place is stored: everything before its offset was handed on. What lists and answers say of a blob stands beside it and
// is forgotten at the end. There is no watermark and no blob that is done: a closed hour may grow, so each blob is compared
// with its place whenever it is listed.
//
//	same creation, larger than was seen     read on from the offset
//	another creation                        another blob: read from its beginning
//	not in a complete list                  deleted; what was unread is lost, and told
//
// Between lists only hot blobs are asked for: the newest one of each tenant, and that of the present hour, or, just after
// an hour has begun, that of the hour before.
package book
