// Package tail reads the containers of an account: a loop for each container, and one that finds the containers.
//
// A step of a container's loop lists its blobs, or reads one part of one blob, cuts it behind its last line end, decodes it
// line by line, and hands the rows on. Then the blob's place moves to the first line that the pipeline has not taken, and is
// stored before anything else is read. So a killed process repeats one part of a blob at most, and loses nothing.
//
// A step needs a slot, of which there are few. They bound what is in memory. What the pipeline does not take for a minute
// is let go of, with its slot: it is read again later, and other containers go on. While nothing is taken at all, all slots
// are taken most of the time, and so hardly anything is read.
//
//	account.go       finds containers
//	container.go     the loop of one
//	read.go          lists, parts of blobs, places
//	handon.go        lines to the pipeline
//	surroundings.go  what all containers share
package tail
