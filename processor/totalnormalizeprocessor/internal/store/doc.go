// Package store keeps entries over restarts in a storage extension. It does not know what an entry means.
package store
