// Package store keeps entries over restarts in a storage extension. What an entry says is the business of who stores it.
package store
