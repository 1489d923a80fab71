// Package object reads JSON objects whose content is not trusted: what is absent, null or of another type than expected
// reads as empty.
package object
