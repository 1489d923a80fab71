// Package account reads a storage account of Azure: lists of containers and blobs, and parts of blobs. It sends GET and
// nothing else, so no fault of its users can change the account.
//
// It speaks REST without Microsoft's library, which would bring writing calls with it, sends no bearer token to an
// emulator without TLS, and downloads the whole blob where a count is zero.
//
//	client.go   requests, tokens
//	list.go     lists, a page at a time
//	read.go     a part of a blob, on the condition that it has changed
//	error.go    what a refusal is about, and what helps
package account
