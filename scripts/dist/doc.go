// Command dist packs what `make dist` has built: archives, an image for containers, the list of components (SBOM) and
// the licences of dependencies. It needs no tool beside Go, and writes the same bytes for the same input.
//
//	main.go      the sequence
//	stage.go     what was built, and where it goes
//	archive.go   tar.gz, and zip for Windows
//	image.go     the image, as an archive of an OCI layout with an image for each architecture
//	roots.go     the certificates of the image
//	modules.go   which modules the programs are built of, and their licences
//	notices.go   the licences as a text
//	sbom.go      the modules as a CycloneDX document
package main
