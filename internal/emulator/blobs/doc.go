// Package blobs emulates a storage account of Azure, as far as the export of Defender's Streaming API and its readers need it:
// containers, append blobs, lists with prefix and marker, and ranged conditional reads. Its paths begin with the account, as
// those of Microsoft's Azurite do: /account/container/blob.
//
//	account.go   containers and blobs in memory
//	service.go   the account's settings, and what was asked
//	http.go      requests, and who may make them
//	exchange.go  one request and its answer
//	read.go      GET and HEAD of a blob
//	list.go      lists in XML, page by page
//	write.go     what writes: containers, append blobs, blocks, deletions
//	faults.go    what goes wrong on purpose
//
// Not emulated: other types of blobs, leases, snapshots, versions, metadata, tiers, signatures, the limits of blocks. Roles
// are two: one that reads data, and one that writes it, too. Without the first one lists are given and data is not, as an
// owner of a real account finds it.
package blobs
